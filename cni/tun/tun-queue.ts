// One descriptor of /dev/net/tun, which is one queue of a tap (Documentation/networking/tuntap.rst).

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { TUNSETGROUP, TUNSETIFF, TUNSETOWNER, TUNSETPERSIST } from "./constants.ts";
import { encodeIfreq } from "./ifreq.ts";

export class TunQueue implements Disposable {
  readonly #syscalls: Syscalls;
  #fd: number | undefined;

  /** Owns `fd`. The network namespace is the one in which it was opened. */
  constructor(syscalls: Syscalls, fd: number) {
    this.#syscalls = syscalls;
    this.#fd = fd;
  }

  /** Makes the tap, or opens one more queue of it. @throws SyscallError, RangeError for an impossible name. */
  attach(name: string, flags: number): void {
    this.#ioctl("TUNSETIFF", `"${name}"`, TUNSETIFF, encodeIfreq(name, flags));
  }

  setOwner(uid: number): void {
    this.#ioctl("TUNSETOWNER", String(uid), TUNSETOWNER, uid);
  }

  setGroup(gid: number): void {
    this.#ioctl("TUNSETGROUP", String(gid), TUNSETGROUP, gid);
  }

  /** The tap outlives its descriptors from now on. */
  persist(): void {
    this.#ioctl("TUNSETPERSIST", "", TUNSETPERSIST, 1);
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    this.#syscalls.close(this.#fd);
    this.#fd = undefined;
  }

  #ioctl(name: string, args: string, request: number, argument: Uint8Array | number): void {
    if (this.#fd === undefined) throw new Error("cannot use a tap after its disposal");
    try {
      this.#syscalls.ioctl(this.#fd, request, argument);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      // The request's name says more than `ioctl`.
      throw new SyscallError({ syscall: name, errno: error.errno, code: error.code, args });
    }
  }
}
