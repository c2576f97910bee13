// The whole surface between mqtap's TypeScript and the operating system.
// Two adapters implement it: native.ts (the binary's own host module) and koffi.ts (the same calls under Node.js, for tests).

/** A failed system call: `code` is the symbolic errno (`EBUSY`), `args` what it was asked to do, `reason` the kernel's own words. */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  readonly syscall: string;
  readonly errno: number;
  readonly code: string;
  readonly args: string;
  readonly reason: string | undefined;

  constructor(failure: { syscall: string; errno: number; code: string; args: string; reason?: string | undefined }) {
    const asked = failure.args === "" ? failure.syscall : `${failure.syscall} ${failure.args}`;
    super(`cannot ${asked}: ${failure.code}${failure.reason === undefined ? "" : ` (${failure.reason})`}`);
    this.syscall = failure.syscall;
    this.errno = failure.errno;
    this.code = failure.code;
    this.args = failure.args;
    this.reason = failure.reason;
  }
}

export interface FileStatus {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly size: number;
}

/** Another program, run to its end. It inherits stderr and no descriptor but the ones told here. */
export interface Execution {
  readonly path: string;
  /** All of argv, argv[0] included. */
  readonly argv: readonly string[];
  /** Set over this process's own environment. */
  readonly variables: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** A descriptor that the program shall have under the same number. */
  readonly inheritedFd?: number;
  /** SELinux label that the program is started with (/proc/thread-self/attr/exec of the child). */
  readonly selinuxLabel?: string;
}

export interface Executed {
  /** Exit status, or 128 + signal. */
  readonly status: number;
  /** Invalid UTF-8 becomes U+FFFD. */
  readonly stdout: string;
}

/** Plain synchronous calls. Every failure throws {@link SyscallError}; descriptors are numbers, closed by who opened them. */
export interface Syscalls {
  open(path: string, flags: number, mode?: number): number;
  /** As {@link open}; undefined where nothing is there (ENOENT), which is cheaper than an error. */
  openIfThere(path: string, flags: number): number | undefined;
  /** Fails with EBADF alone: whatever else close(2) says, Linux has closed the descriptor. */
  close(fd: number): void;
  read(fd: number, buffer: Uint8Array): number;
  /** Writes all of `data`; a string is written as UTF-8. */
  write(fd: number, data: string | Uint8Array): void;
  /** Reads to the end of file; invalid UTF-8 becomes U+FFFD. More than 8 MiB is EFBIG. */
  readToEnd(fd: number): string;
  readDirectory(path: string): readonly string[];
  fstat(fd: number): FileStatus;
  stat(path: string): FileStatus;
  /** `f_type` of statfs(2), for telling nsfs from a plain file. */
  filesystemType(fd: number): number;
  setns(fd: number, nstype: number): void;
  /** Only the tun requests are allowed (linux/if_tun.h, see ../tun); anything else throws EPERM. */
  ioctl(fd: number, request: number, argument: Uint8Array | number): number;
  socket(domain: number, type: number, protocol: number): number;
  /** bind(2) of a netlink socket to an automatic port id; it hears of what happens in `groups` (RTMGRP_…), none unless told. */
  bindNetlink(fd: number, groups?: number): void;
  connectUnix(fd: number, path: string): void;
  send(fd: number, data: Uint8Array): number;
  receive(fd: number, buffer: Uint8Array): number;
  /** poll(2) on one descriptor; 0 when the time is up. `events` as in poll.h. */
  poll(fd: number, events: number, timeoutMs: number): number;
  /**
   * Runs a program and waits. When this process dies, the program lives on and ends by itself: one that is killed in the middle,
   * as host-local between making a file and writing the owner into it, may leave what no DEL finds. Stdin is written while stdout
   * is read; more than 8 MiB of stdout is EFBIG. Fails where the program cannot be started, with its label or at all.
   */
  execute(execution: Execution): Executed;
  rename(from: string, to: string): void;
  /** flock(2) LOCK_EX | LOCK_NB; false when somebody else holds the lock. It goes with the descriptor. */
  tryLock(fd: number): boolean;
  /** CLOCK_REALTIME in milliseconds since 1970. */
  realtimeMs(): number;
  /** CLOCK_MONOTONIC in milliseconds. */
  monotonicMs(): number;
  sleep(ms: number): void;
  /** Lower-case hex SHA-256 of the UTF-8 bytes of `text`. */
  sha256Hex(text: string): string;
  /** The UTF-8 bytes of `text` (QuickJS has no TextEncoder). */
  encodeUtf8(text: string): Uint8Array;
  /** Invalid sequences become U+FFFD. */
  decodeUtf8(bytes: Uint8Array): string;
}
