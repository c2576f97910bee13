// Syscalls.execute() under Node.js, whose spawnSync() forks on the calling thread. One promise is the binary's alone: that
// the program gets no descriptor of our caller's.

import { spawnSync } from "node:child_process";
import { constants } from "node:os";
import { errnoName, errnoNumber } from "./errno.ts";
import { type Executed, type Execution, SyscallError } from "./syscalls.ts";

const outputLimitBytes = 8 << 20;

/** `setExecLabel` sets the label of the calling thread's next program; a line feed alone takes it back. */
export function executeViaNode(execution: Execution, setExecLabel: (label: string) => void): Executed {
  const { selinuxLabel } = execution;
  if (selinuxLabel === undefined) return spawned(execution);
  setExecLabel(selinuxLabel);
  try {
    return spawned(execution);
  } finally {
    setExecLabel("\n");
  }
}

function spawned({ path, argv, variables, stdin, inheritedFd }: Execution): Executed {
  const [argv0 = "", ...rest] = argv;
  const texts = [path, ...argv, ...Object.entries(variables).flat()];
  if (texts.some((text) => text.includes("\0"))) throw failure("EINVAL", path);
  const between = inheritedFd === undefined ? [] : Array<"ignore">(inheritedFd - 3).fill("ignore");
  const { status, signal, error, stdout } = spawnSync(path, rest, {
    argv0,
    env: { ...process.env, ...variables },
    input: stdin,
    stdio: ["pipe", "pipe", "inherit", ...between, ...(inheritedFd === undefined ? [] : [inheritedFd])],
    maxBuffer: outputLimitBytes,
    killSignal: "SIGKILL",
  });
  // A program that does not want its stdin is no error.
  const code = error !== undefined && "code" in error && error.code !== "EPIPE" ? String(error.code) : undefined;
  if (code === "ENOBUFS") throw failure("EFBIG", path, "read");
  if (code !== undefined) throw failure(code, path);
  return {
    status: signal === null ? (status ?? 0) : 128 + constants.signals[signal],
    stdout: new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout),
  };
}

function failure(code: string, path: string, syscall = "execve"): SyscallError {
  const errno = errnoNumber(code);
  return new SyscallError({ syscall, errno, code: errnoName(errno), args: `"${path}"` });
}
