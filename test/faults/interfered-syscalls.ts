// System calls that something happens to: before each one a test may throw what the kernel would, take the namespace away, or
// kill the process. Counts what is open, so that nobody keeps a descriptor that an error left behind.

import { errnoNumber } from "../../cni/sys/errno.ts";
import { type Executed, type Execution, type FileStatus, SyscallError, type Syscalls } from "../../cni/sys/syscalls.ts";

/** One call: its name as errors show it, and the file, kind of socket or request that it is about. */
export interface Step {
  readonly call: string;
  readonly about: string;
}

/** Called before every step; `at` counts from 0. What it throws, the call throws. */
export type Interference = (step: Step, at: number) => void;

/** What an interference throws before a send to netlink: the request is not carried out, and the kernel's answer is this errno. */
class NetlinkRefusal extends Error {
  override readonly name = "NetlinkRefusal";
  readonly code: string;

  constructor(code: string) {
    super(`netlink refuses with ${code}`);
    this.code = code;
  }
}

const AF_UNIX = 1;

export class InterferedSyscalls implements Syscalls {
  /** What was asked, in order. */
  readonly steps: Step[] = [];
  // Pure, and handed on as functions.
  readonly sha256Hex: Syscalls["sha256Hex"];
  readonly encodeUtf8: Syscalls["encodeUtf8"];
  readonly decodeUtf8: Syscalls["decodeUtf8"];
  readonly #inner: Syscalls;
  readonly #interfere: Interference;
  readonly #open = new Map<number, string>();
  /** Answers that a socket shall receive instead of the kernel's. */
  readonly #answers = new Map<number, Uint8Array>();
  #sleptMs = 0;

  constructor(inner: Syscalls, interfere: Interference = () => undefined) {
    this.sha256Hex = inner.sha256Hex;
    this.encodeUtf8 = inner.encodeUtf8;
    this.decodeUtf8 = inner.decodeUtf8;
    this.#inner = inner;
    this.#interfere = interfere;
  }

  /** What was opened and not closed. */
  get stillOpen(): readonly string[] {
    return [...this.#open.values()];
  }

  open(path: string, flags: number, mode?: number): number {
    this.#step("open", path);
    return this.#opened(this.#inner.open(path, flags, mode), path);
  }

  openIfThere(path: string, flags: number): number | undefined {
    this.#step("open", path);
    const fd = this.#inner.openIfThere(path, flags);
    return fd === undefined ? undefined : this.#opened(fd, path);
  }

  /** A step, but none that fails: adapters hide what close(2) says, since Linux has closed the descriptor in any case. */
  close(fd: number): void {
    this.#step("close", this.#about(fd));
    this.#inner.close(fd);
    this.#open.delete(fd);
  }

  read(fd: number, buffer: Uint8Array): number {
    this.#step("read", this.#about(fd));
    return this.#inner.read(fd, buffer);
  }

  write(fd: number, data: string | Uint8Array): void {
    this.#step("write", this.#about(fd));
    this.#inner.write(fd, data);
  }

  readToEnd(fd: number): string {
    this.#step("read", this.#about(fd));
    return this.#inner.readToEnd(fd);
  }

  readDirectory(path: string): readonly string[] {
    this.#step("readdir", path);
    return this.#inner.readDirectory(path);
  }

  fstat(fd: number): FileStatus {
    this.#step("fstat", this.#about(fd));
    return this.#inner.fstat(fd);
  }

  stat(path: string): FileStatus {
    this.#step("stat", path);
    return this.#inner.stat(path);
  }

  filesystemType(fd: number): number {
    this.#step("fstatfs", this.#about(fd));
    return this.#inner.filesystemType(fd);
  }

  setns(fd: number, nstype: number): void {
    this.#step("setns", this.#about(fd));
    this.#inner.setns(fd, nstype);
  }

  ioctl(fd: number, request: number, argument: Uint8Array | number): number {
    this.#step("ioctl", `0x${request.toString(16)}`);
    return this.#inner.ioctl(fd, request, argument);
  }

  socket(domain: number, type: number, protocol: number): number {
    const about = domain === AF_UNIX ? "unix" : "netlink";
    this.#step("socket", about);
    return this.#opened(this.#inner.socket(domain, type, protocol), about);
  }

  bindNetlink(fd: number, groups?: number): void {
    this.#step("bind", this.#about(fd));
    this.#inner.bindNetlink(fd, groups);
  }

  connectUnix(fd: number, path: string): void {
    this.#step("connect", path);
    this.#inner.connectUnix(fd, path);
  }

  send(fd: number, data: Uint8Array): number {
    try {
      this.#step("send", this.#about(fd));
    } catch (error) {
      if (!(error instanceof NetlinkRefusal)) throw error;
      this.#answers.set(fd, refusalOf(data, errnoNumber(error.code)));
      return data.length;
    }
    return this.#inner.send(fd, data);
  }

  receive(fd: number, buffer: Uint8Array): number {
    this.#step("recv", this.#about(fd));
    const answer = this.#answers.get(fd);
    if (answer !== undefined) {
      this.#answers.delete(fd);
      buffer.set(answer);
      return answer.length;
    }
    return this.#inner.receive(fd, buffer);
  }

  poll(fd: number, events: number, timeoutMs: number): number {
    this.#step("poll", this.#about(fd));
    return this.#inner.poll(fd, events, timeoutMs);
  }

  execute(execution: Execution): Executed {
    this.#step("execve", execution.path);
    return this.#inner.execute(execution);
  }

  rename(from: string, to: string): void {
    this.#step("rename", from);
    this.#inner.rename(from, to);
  }

  tryLock(fd: number): boolean {
    this.#step("flock", this.#about(fd));
    return this.#inner.tryLock(fd);
  }

  realtimeMs(): number {
    return this.#inner.realtimeMs() + this.#sleptMs;
  }

  monotonicMs(): number {
    return this.#inner.monotonicMs() + this.#sleptMs;
  }

  /** The clock moves on, the test does not wait. */
  sleep(ms: number): void {
    this.#sleptMs += ms;
  }

  #step(call: string, about: string): void {
    const step = { call, about };
    this.steps.push(step);
    this.#interfere(step, this.steps.length - 1);
  }

  #opened(fd: number, about: string): number {
    this.#open.set(fd, about);
    return fd;
  }

  #about(fd: number): string {
    return this.#open.get(fd) ?? `descriptor ${fd}`;
  }
}

/** NLMSG_ERROR of linux/netlink.h: the errno, and the header of the request that it answers. */
function refusalOf(request: Uint8Array, errno: number): Uint8Array {
  const answer = Buffer.alloc(36);
  answer.writeUInt32LE(answer.length, 0);
  answer.writeUInt16LE(2, 4);
  answer.set(request.subarray(8, 12), 8);
  answer.writeInt32LE(-errno, 16);
  answer.set(request.subarray(0, 16), 20);
  return answer;
}

/** The kernel refuses the netlink request that the call number `at` sends. */
export function refuseAt(at: number, code: string): Interference {
  return (_step, current) => {
    if (current === at) throw new NetlinkRefusal(code);
  };
}

/** The call number `at` fails once with `code`. */
export function failAt(at: number, code: string): Interference {
  return ({ call, about }, current) => {
    if (current !== at) return;
    throw new SyscallError({ syscall: call, errno: errnoNumber(code), code, args: `"${about}"` });
  };
}

/** `act` happens once, before the call number `at`. */
export function onceAt(at: number, act: () => void): Interference {
  return (_step, current) => {
    if (current === at) act();
  };
}
