// The node's policy file from the disk. Absent is the one state that leaves the node open, so it is told apart from everything
// that only looks like it: a link to nothing, a file that may not be read, a node that is short of descriptors.

import { CniError, isPassing } from "../error.ts";
import type { Log } from "../log.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { defaultPolicy, type Policy, parsePolicy, permissivePolicy, policyPath, unusable } from "./policy.ts";

/** O_PATH | O_NOFOLLOW | O_LARGEFILE | O_CLOEXEC: x86-64 and arm64 swap the values of the middle two (asm/fcntl.h). */
const probeFlags = 0o10000000 | 0o400000 | 0o100000 | 0o2000000;
/** O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC: opening a pipe must not wait for its writer. */
const readFlags = 0o4000 | 0o400 | 0o2000000;
/** S_IFMT and S_IFREG of sys/stat.h. */
const typeMask = 0o170000;
const regularFile = 0o100000;

const mostBytes = 65_536;

interface Effects {
  readonly sys: Syscalls;
  readonly log: Log;
}

/** @throws CniError 108 for a file that is there and cannot be used, SyscallError for a shortage that passes. */
export function readPolicy({ sys, log }: Effects): Policy {
  const text = readPolicyFile(sys);
  return text === undefined ? permissivePolicy : parsePolicy(text, (message) => log("warn", message));
}

/** For DEL and GC, which go on with the defaults where the file cannot be used. @throws SyscallError as {@link readPolicy}. */
export function readPolicyOrDefault(effects: Effects): Policy {
  try {
    return readPolicy(effects);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    effects.log("warn", `${error.message}; its defaults are used`);
    return defaultPolicy;
  }
}

function readPolicyFile(sys: Syscalls): string | undefined {
  let isThere = false;
  try {
    const probe = sys.openIfThere(policyPath, probeFlags);
    if (probe === undefined) return undefined;
    sys.close(probe);
    isThere = true;
    const fd = sys.open(policyPath, readFlags);
    try {
      return readRegularFile(sys, fd);
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    if (!(error instanceof SyscallError) || isPassing(error)) throw error;
    if (error.code === "ENOTDIR" && !isThere) return undefined;
    const why = isThere && error.code === "ENOENT" ? "it is a link to nothing" : `${error.syscall}: ${error.code}`;
    throw unusable(`${why}: make it a file that root can read, or remove it`);
  }
}

function readRegularFile(sys: Syscalls, fd: number): string {
  const { mode, size } = sys.fstat(fd);
  if ((mode & typeMask) !== regularFile) throw unusable("it is no regular file: make it one, or remove it");
  if (size > mostBytes) throw unusable(`it has ${size} bytes: keep it within ${mostBytes}`);
  return sys.readToEnd(fd);
}
