// Runs one of this folder's programs inside a bed, and reads the JSON document that it prints.

import { fileURLToPath } from "node:url";
import type { Bed, Finished } from "../integration/bed.ts";

/** One run to its end, however it ends. */
export function runProgram(bed: Bed, name: string, ...argv: readonly string[]): Promise<Finished> {
  const path = fileURLToPath(new URL(name, import.meta.url));
  return bed.run([process.execPath, "--disable-warning=ExperimentalWarning", path, ...argv]);
}

/** A run that must succeed. */
export async function reportOf<Report>(bed: Bed, name: string, ...argv: readonly string[]): Promise<Report> {
  const { status, stdout, stderr } = await runProgram(bed, name, ...argv);
  if (status !== 0) throw new Error(`cannot run ${name} ${argv.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}
