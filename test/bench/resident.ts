// The resident memory of a process.
import { readFileSync } from "node:fs";

/** In MB. @throws where there is no such process. */
export function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kb === undefined) throw new Error(`cannot read the resident memory of process ${pid}`);
  return Number(kb) / 1024;
}
