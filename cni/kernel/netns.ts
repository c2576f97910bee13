// Entering and leaving network namespaces, setns(2). What moves is the calling thread, so all work inside is synchronous:
// a promise would go on in the wrong namespace.

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";

/** sched.h */
const CLONE_NEWNET = 0x4000_0000;
/** linux/magic.h; before Linux 3.19 namespace files were part of procfs. */
const NSFS_MAGIC = 0x6e73_6673;
const PROC_SUPER_MAGIC = 0x9fa0;
/** A fifo at the path must not block us. */
const O_RDONLY_NONBLOCK = 0o4000;

const ownPath = "/proc/thread-self/ns/net";
const hostPath = "/proc/1/ns/net";

/** The thread could not go back to its own namespace. Nothing may be opened from there: the process has to end. */
export class NamespaceStuckError extends Error {
  override readonly name = "NamespaceStuckError";
}

/** Anything but a promise. */
export type Immediate<T> = T extends PromiseLike<unknown> ? never : T;

/** `dev:ino`, equal for the same namespace. */
function identityOf(status: { readonly dev: number; readonly ino: number }): string {
  return `${status.dev}:${status.ino}`;
}

/** The namespaces of one thread. After a failed return it refuses everything. */
export class ThreadNamespaces {
  readonly #syscalls: Syscalls;
  #stuck: NamespaceStuckError | undefined;

  constructor(syscalls: Syscalls) {
    this.#syscalls = syscalls;
  }

  ownIdentity(): string {
    return identityOf(this.#syscalls.stat(ownPath));
  }

  /** The node's, as process 1 has it; undefined where it may not be looked at. */
  hostIdentity(): string | undefined {
    try {
      return identityOf(this.#syscalls.stat(hostPath));
    } catch (error) {
      if (error instanceof SyscallError && ["EACCES", "EPERM", "ENOENT"].includes(error.code)) return undefined;
      throw error;
    }
  }

  /** Opens the file; undefined where nothing is there, or something that is no namespace (a stale plain file). */
  open(path: string): { readonly fd: number; readonly identity: string } | undefined {
    const fd = this.#openFile(path);
    if (fd === undefined) return undefined;
    try {
      const type = this.#syscalls.filesystemType(fd);
      if (type === NSFS_MAGIC || type === PROC_SUPER_MAGIC)
        return { fd, identity: identityOf(this.#syscalls.fstat(fd)) };
    } catch (error) {
      this.#syscalls.close(fd);
      throw error;
    }
    this.#syscalls.close(fd);
    return undefined;
  }

  /**
   * Runs `body` inside the namespace and comes back.
   * @throws NamespaceStuckError when there was no way back; SyscallError EINVAL when `fd` is no network namespace.
   */
  run<T>(fd: number, body: () => Immediate<T>): T {
    if (this.#stuck !== undefined) throw this.#stuck;
    const own = this.#syscalls.open(ownPath, 0);
    try {
      this.#syscalls.setns(fd, CLONE_NEWNET);
      try {
        return rejectPromise(body());
      } finally {
        this.#return(own);
      }
    } finally {
      this.#syscalls.close(own);
    }
  }

  #return(own: number): void {
    try {
      this.#syscalls.setns(own, CLONE_NEWNET);
    } catch (cause) {
      const stuck = new NamespaceStuckError("cannot return to the own network namespace", { cause });
      this.#stuck = stuck;
      throw stuck;
    }
  }

  #openFile(path: string): number | undefined {
    try {
      return this.#syscalls.open(path, O_RDONLY_NONBLOCK);
    } catch (error) {
      if (error instanceof SyscallError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
      throw error;
    }
  }
}

/** @throws TypeError for what can be awaited. */
export function rejectPromise<T>(result: T): T {
  if (typeof result === "object" && result !== null && "then" in result) {
    throw new TypeError("cannot await inside a network namespace: the rest would run in another one");
  }
  return result;
}
