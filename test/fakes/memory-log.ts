// A log that a test can read.
import { createLog, type Log, type LogFields } from "../../operator/kube/log.ts";
import { FakeClock } from "./fake-clock.ts";

/** A logger of all levels, and the lines it wrote. */
export function createMemoryLog(): { readonly log: Log; readonly lines: readonly LogFields[] } {
  const lines: LogFields[] = [];
  const log = createLog({ write: (line) => lines.push(JSON.parse(line)), clock: new FakeClock(), level: "debug" });
  return { log, lines };
}
