// The CNI program of the binary, and the only file of this folder that touches the process: variables, stdin, stdout, status.

// biome-ignore lint/style/useNodejsImportProtocol: the host of the binary offers "sys", Node has no part in it
import { env, exit } from "sys";
import { dispatch } from "./dispatch.ts";
import { LinuxKernel } from "./kernel/linux.ts";
import { formatLogLine, type Log } from "./log.ts";
import { nativeSyscalls } from "./sys/native.ts";
import { SyscallError } from "./sys/syscalls.ts";

const sys = nativeSyscalls();

/** A closed stderr must not cost a pod its network. */
function writeToStderr(text: string): void {
  try {
    sys.write(2, text);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
  }
}

const log: Log = (level, message, more) => writeToStderr(formatLogLine(level, message, more));

const { stdout, stderr, exitStatus } = dispatch({
  variables: env,
  readStdin: () => sys.readToEnd(0),
  kernel: new LinuxKernel(sys),
  sys,
  log,
});
if (stderr !== "") writeToStderr(stderr);
if (stdout !== "") sys.write(1, stdout);
exit(exitStatus);
