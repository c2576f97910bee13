// What a call has to say as a line of the log file: when, which process, which verb and for which pod. A program of its own in
// the binary (programs/log.ts), so that a call with nothing to say does not read it.

import { formatTime } from "./civil-time.ts";
import type { Variables } from "./environment.ts";
import { appendLine, logFilePath } from "./log-file.ts";
import type { Syscalls } from "./sys/syscalls.ts";

/** A line of the file, its newline included; one page, so that it is written whole. */
export const mostLineBytes = 4096;

/** Something to say, as `Log` takes it. */
export interface LogEvent {
  readonly level: string;
  readonly message: string;
  readonly more?: Readonly<Record<string, unknown>> | undefined;
}

/** The call that says it; `path` is the log file's. */
export interface LoggingCall {
  readonly sys: Syscalls;
  readonly variables: Variables;
  readonly path?: string;
}

/** Appends one line to the log file. Never throws. */
export function recordEvent({ sys, variables, path = logFilePath }: LoggingCall, event: LogEvent): void {
  const { CNI_COMMAND: verb, CNI_CONTAINERID: container, CNI_IFNAME: ifName, CNI_ARGS: args = "" } = variables;
  const { level, message: msg, more } = event;
  const time = formatTime(sys.realtimeMs());
  const record = { time, pid: ownPid(sys), verb, level, msg, ...more, container, ifName, pod: podOf(args) };
  appendLine(sys, path, fitLine(sys, record));
}

/** The record as a line, its texts cut until it fits. */
function fitLine(sys: Syscalls, record: Readonly<Record<string, unknown>>): Uint8Array {
  for (let most = 2048; ; most >>= 1) {
    const line = sys.encodeUtf8(`${JSON.stringify(record, (key, value) => (key === "" ? value : cut(value, most)))}\n`);
    if (line.length <= mostLineBytes) return line;
  }
}

/** Lists and objects become text, too, so that they can be cut. */
function cut(value: unknown, most: number): unknown {
  if (typeof value !== "string" && typeof value !== "object") return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** The number before the name in /proc/self/stat (proc_pid_stat(5)). */
function ownPid(sys: Syscalls): number | undefined {
  try {
    const fd = sys.open("/proc/self/stat", 0o2000000);
    try {
      return Number.parseInt(sys.readToEnd(fd), 10);
    } finally {
      sys.close(fd);
    }
  } catch {
    return undefined;
  }
}

/** `<namespace>/<name>` where CNI_ARGS tell it; they may be malformed. */
function podOf(args: string): string | undefined {
  const name = /(?:^|;)K8S_POD_NAME=([^;]*)/.exec(args)?.[1];
  const namespace = /(?:^|;)K8S_POD_NAMESPACE=([^;]*)/.exec(args)?.[1];
  return name === undefined ? undefined : `${namespace ?? ""}/${name}`;
}
