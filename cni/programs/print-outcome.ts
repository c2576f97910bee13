// How the programs that serve a person or the agent end: what they have to say goes out, and the exit status tells whether it did.

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";

export interface PrintedOutcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: number;
}

/** Returns the exit status. A reader that has seen enough (`mqtap inspect | head`) is no failure. */
export function printOutcome(sys: Pick<Syscalls, "write">, { stdout, stderr, exitStatus }: PrintedOutcome): number {
  const failure = writeFailure(sys, 1, stdout);
  writeFailure(sys, 2, failure === undefined ? stderr : `${stderr}mqtap: cannot print the report: ${failure}\n`);
  return failure === undefined ? exitStatus : 1;
}

/** Undefined where it went out. */
function writeFailure(sys: Pick<Syscalls, "write">, fd: number, text: string): string | undefined {
  try {
    if (text !== "") sys.write(fd, text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return error.code === "EPIPE" ? undefined : error.message;
  }
}
