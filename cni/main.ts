// Serves one call of the plugin. Beside start.ts the only file of this folder that touches the process: variables, stdin,
// stdout, status.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { env, exit } from "sys";
import type { Verbs } from "./commands/call.ts";
import { dispatch } from "./dispatch.ts";
import { LinuxKernel } from "./kernel/linux.ts";
import { formatLogLine } from "./log.ts";
import { nativeSyscalls } from "./sys/native.ts";
import { SyscallError, type Syscalls } from "./sys/syscalls.ts";

/** Serves `verbs` and ends the process. */
export function main(verbs: Verbs): never {
  const sys = nativeSyscalls();
  const { stdout, stderr, exitStatus } = dispatch({
    verbs,
    variables: env,
    readStdin: () => sys.readToEnd(0),
    kernel: new LinuxKernel(sys),
    sys,
    log: (level, message, more) => writeToStderr(sys, formatLogLine(level, message, more)),
  });
  if (stderr !== "") writeToStderr(sys, stderr);
  if (stdout !== "") sys.write(1, stdout);
  return exit(exitStatus);
}

/** A closed stderr must not cost a pod its network. */
function writeToStderr(sys: Syscalls, text: string): void {
  try {
    sys.write(2, text);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}
