// Runs a program to its end, bounded in time and output. The agent itself never enters another network namespace: the
// plugin does it, as a process of its own.

import { execFile } from "node:child_process";

export interface ProgramCall {
  readonly file: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly mostBytes: number;
  readonly signal: AbortSignal;
  /** Empty unless told. */
  readonly env?: Readonly<Record<string, string>>;
}

export type ProgramResult =
  | { readonly kind: "ended"; readonly status: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: "absent" }
  | { readonly kind: "failed"; readonly why: string };

/** Never rejects. */
export type RunProgram = (call: ProgramCall) => Promise<ProgramResult>;

/** With no environment but the one given; what exceeds a bound is killed. */
export const runProgram: RunProgram = ({ file, args, timeoutMs, mostBytes, signal, env = {} }) =>
  new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      maxBuffer: mostBytes,
      killSignal: "SIGKILL",
      signal,
      cwd: "/",
      env: { ...env },
    } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: "ended", status: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ kind: "ended", status: error.code, stdout, stderr });
      else if (error.code === "ENOENT") resolve({ kind: "absent" });
      else resolve({ kind: "failed", why: whyOf(error, timeoutMs, mostBytes) });
    });
  });

function whyOf(
  error: Error & { code?: unknown; killed?: boolean; signal?: unknown },
  timeoutMs: number,
  mostBytes: number,
) {
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return `it printed more than ${mostBytes} bytes`;
  if (error.code === "ABORT_ERR") return "the agent is stopping";
  if (typeof error.code === "string") return error.code;
  return error.killed === true ? `it did not end within ${timeoutMs / 1000} s` : `it was killed by ${error.signal}`;
}
