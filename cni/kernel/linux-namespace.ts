// One open network namespace of Linux. Its netlink socket stays bound to it, so only opening something means entering it.

import { Route } from "../netlink/route.ts";
import { errnoNumber } from "../sys/errno.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { attachLabelled } from "../tun/attach-labelled.ts";
import { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, IFF_TUN_EXCL, tunDevicePath } from "../tun/constants.ts";
import { linkNameBytes } from "../tun/link-name.ts";
import { TunQueue } from "../tun/tun-queue.ts";
import type { Link, NetworkNamespace, PendingTap } from "./kernel.ts";
import { toLink } from "./link.ts";
import { LinuxPendingTap } from "./linux-pending-tap.ts";
import type { Immediate, ThreadNamespaces } from "./netns.ts";

const O_RDWR = 2;

export class LinuxNamespace implements NetworkNamespace {
  readonly identity: string;
  readonly #syscalls: Syscalls;
  readonly #thread: ThreadNamespaces;
  readonly #route: Route;
  #fd: number | undefined;

  /** Owns `file` once it is made. @throws SyscallError of setns, EINVAL when the file is no network namespace. */
  constructor(syscalls: Syscalls, thread: ThreadNamespaces, file: { readonly fd: number; readonly identity: string }) {
    this.#syscalls = syscalls;
    this.#thread = thread;
    this.identity = file.identity;
    this.#route = thread.run(file.fd, () => new Route(syscalls));
    this.#fd = file.fd;
  }

  findLink(name: string): Link | undefined {
    this.#openFd();
    if (linkNameBytes(name) === undefined) return undefined;
    const found = this.#route.findLink(name);
    return found === undefined ? undefined : toLink(found);
  }

  links(): readonly Link[] {
    this.#openFd();
    return this.#route.links().map(toLink);
  }

  createTap(name: string, isMultiQueue: boolean, selinuxLabel?: string): PendingTap {
    const fd = this.#openFd();
    if (linkNameBytes(name) === undefined) {
      const code = "EINVAL";
      throw new SyscallError({ syscall: "TUNSETIFF", errno: errnoNumber(code), code, args: `"${name}"` });
    }
    const device = this.#thread.run(fd, () => this.#syscalls.open(tunDevicePath, O_RDWR));
    const queue = new TunQueue(this.#syscalls, device);
    try {
      const flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL | (isMultiQueue ? IFF_MULTI_QUEUE : 0);
      if (selinuxLabel === undefined) queue.attach(name, flags);
      else attachLabelled(this.#syscalls, { fd: device, name, flags, label: selinuxLabel });
      const link = this.findLink(name);
      if (link === undefined) throw vanished(name);
      return new LinuxPendingTap(queue, this.#route, link);
    } catch (error) {
      queue[Symbol.dispose]();
      throw error;
    }
  }

  deleteLink(index: number): void {
    this.#openFd();
    this.#route.deleteLink(index);
  }

  enter<T>(body: () => Immediate<T>): T {
    return this.#thread.run(this.#openFd(), body);
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    this.#syscalls.close(this.#fd);
    this.#fd = undefined;
    this.#route[Symbol.dispose]();
  }

  #openFd(): number {
    if (this.#fd === undefined) throw new Error("cannot use a network namespace after its disposal");
    return this.#fd;
  }
}

/** Another program removed the new tap before we could look at it. */
function vanished(name: string): SyscallError {
  const code = "ENODEV";
  const reason = "it vanished right after it was made";
  return new SyscallError({ syscall: "RTM_GETLINK", errno: errnoNumber(code), code, args: `"${name}"`, reason });
}
