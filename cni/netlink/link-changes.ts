// Waits until something happens to a link of the namespace in which the socket was opened (rtnetlink(7), RTMGRP_LINK). What
// happened is not read: whoever waits looks for itself, so notifications that were lost (ENOBUFS) do no harm.

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { AF_NETLINK, NETLINK_ROUTE, RTMGRP_LINK, SOCK_RAW } from "./constants.ts";

/** poll.h */
const POLLIN = 1;
/** Enough to take a notification off the socket; the rest of it is dropped. */
const takenBytes = 16;
/** A namespace in which links change all the time shall not keep us from looking. */
const mostTaken = 256;

export class LinkChanges implements Disposable {
  readonly #syscalls: Syscalls;
  readonly #taken = new Uint8Array(takenBytes);
  #fd: number | undefined;

  constructor(syscalls: Syscalls) {
    this.#syscalls = syscalls;
    const fd = syscalls.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    try {
      syscalls.bindNetlink(fd, RTMGRP_LINK);
    } catch (error) {
      syscalls.close(fd);
      throw error;
    }
    this.#fd = fd;
  }

  /** False when the time was up. @throws SyscallError */
  wait(timeoutMs: number): boolean {
    const fd = this.#fd;
    if (fd === undefined) throw new Error("cannot wait for links after the disposal");
    const hasChange = (waitMs: number): boolean =>
      this.#interruptibly(() => this.#syscalls.poll(fd, POLLIN, waitMs) !== 0);
    if (!hasChange(timeoutMs)) return false;
    for (let taken = 0; taken < mostTaken && hasChange(0); taken += 1) {
      this.#interruptibly(() => this.#syscalls.receive(fd, this.#taken) > 0);
    }
    return true;
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    this.#syscalls.close(this.#fd);
    this.#fd = undefined;
  }

  /** After an interruption, and where the kernel dropped notifications, something may have happened. */
  #interruptibly(call: () => boolean): boolean {
    try {
      return call();
    } catch (error) {
      if (error instanceof SyscallError && (error.code === "EINTR" || error.code === "ENOBUFS")) return true;
      throw error;
    }
  }
}
