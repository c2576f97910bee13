// What /proc tells of a process that may end while it is looked at.
import { readFileSync } from "node:fs";

/** The text of `/proc/<name>`, of a process that has ended none. */
export function readProcFile(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, "utf8");
  } catch {
    return "";
  }
}
