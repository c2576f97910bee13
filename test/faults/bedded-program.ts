// Runs one of this folder's programs inside a bed, and reads the JSON document that it prints.

import { fileURLToPath } from "node:url";
import type { Bed, Finished } from "../integration/bed.ts";

/** One run to its end, however it ends; nothing is on its stdin, and no pipe. */
export function runProgram(bed: Bed, name: string, ...argv: readonly string[]): Promise<Finished> {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const words = [process.execPath, "--disable-warning=ExperimentalWarning", path, ...argv];
  return bed.run(["sh", "-c", 'exec "$@" </dev/null', "sh", ...words]);
}

/** A run that must succeed. */
export async function reportOf<Report>(bed: Bed, name: string, ...argv: readonly string[]): Promise<Report> {
  const { status, stdout, stderr } = await runProgram(bed, name, ...argv);
  if (status !== 0) throw new Error(`cannot run ${name} ${argv.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}
