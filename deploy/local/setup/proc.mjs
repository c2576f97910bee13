// Looking at processes by /proc. They may end while they are looked at, so one that is not there is no error.
import { readFileSync, readlinkSync } from "node:fs";

/** The text of /proc/PID/NAME; empty when the process has ended. */
export function readProcFile(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

/** Its working directory; empty when it has ended, or is a zombie. */
export function readWorkingDirectory(pid) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

/** Whether it runs: a killed orphan stays a zombie where no init collects it. */
export function isAlive(pid) {
  const stat = readProcFile(pid, "stat");
  return stat !== "" && !/\) [ZX] /.test(stat);
}
