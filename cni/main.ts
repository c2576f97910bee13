// Serves one call of the plugin. Beside start.ts the only file of this folder that touches the process: variables, stdin,
// stdout, status.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { env, exit, runProgram, takeInput } from "sys";
import type { Verbs } from "./commands/call.ts";
import { dispatch } from "./dispatch.ts";
import type { Addressing } from "./kernel/addressing.ts";
import type { NetworkNamespace } from "./kernel/kernel.ts";
import { LinuxKernel } from "./kernel/linux.ts";
import type { CreateTap } from "./kernel/linux-create-tap.ts";
import { formatLogLine, type Log } from "./log.ts";
import type { LogEvent } from "./log-event.ts";
import { nativeSyscalls } from "./sys/native.ts";
import { SyscallError, type Syscalls } from "./sys/syscalls.ts";

/** What one program of the binary serves. */
export interface Program {
  readonly verbs: Verbs;
  /** The program that serves configurations with `ipam`, where this one does not. */
  readonly ipamProgram?: string;
  /** For a program that makes taps. */
  readonly createTap?: CreateTap;
  readonly openAddressing?: (sys: Syscalls, namespace: NetworkNamespace) => Addressing;
}

/** In any case, as Go takes keys; and one may be spelled with escapes. */
const mayHaveIpam = /"ipam"|\\u/i;

/** Serves one call and ends the process. */
export function main({ verbs, ipamProgram, createTap, openAddressing }: Program): never {
  const sys = nativeSyscalls();
  const { stdout, stderr, exitStatus } = dispatch({
    verbs,
    variables: env,
    readStdin: () => {
      const text = takeInput() ?? sys.readToEnd(0);
      // Ends the process.
      if (ipamProgram !== undefined && mayHaveIpam.test(text)) runProgram(ipamProgram, text);
      return text;
    },
    kernel: new LinuxKernel(sys, createTap),
    sys,
    ...(openAddressing && { openAddressing: (namespace: NetworkNamespace) => openAddressing(sys, namespace) }),
    log: (level, message, more) => {
      writeToStderr(sys, formatLogLine(level, message, more));
      record(level, message, more);
    },
    recordFailure: ({ code, message, details }) => record("error", message, { code, details }),
  });
  if (stderr !== "") writeToStderr(sys, stderr);
  if (stdout !== "") sys.write(1, stdout);
  return exit(exitStatus);
}

/** For the log file. Nothing that happens there changes what the call comes to. */
function record(...[level, message, more]: Parameters<Log>): void {
  try {
    const event: LogEvent = { level, message, more };
    runProgram("mqtap-log", JSON.stringify(event));
  } catch {
    // A node that is short of memory has other sorrows.
  }
}

/** A closed stderr must not cost a pod its network. */
function writeToStderr(sys: Syscalls, text: string): void {
  try {
    sys.write(2, text);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}
