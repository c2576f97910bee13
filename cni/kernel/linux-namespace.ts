// One open network namespace of Linux. Its netlink socket stays bound to it, so only opening something means entering it.

import { Route } from "../netlink/route.ts";
import type { Syscalls } from "../sys/syscalls.ts";
import { linkNameBytes } from "../tun/link-name.ts";
import type { Link, NetworkNamespace, PendingTap } from "./kernel.ts";
import { toLink } from "./link.ts";
import type { CreateTap } from "./linux-create-tap.ts";
import type { Immediate, ThreadNamespaces } from "./netns.ts";

/** What opens a namespace, and what makes taps in it: a program that makes none has no part of that in its bundle. */
export interface LinuxMeans {
  readonly syscalls: Syscalls;
  readonly thread: ThreadNamespaces;
  readonly createTap: CreateTap | undefined;
}

export class LinuxNamespace implements NetworkNamespace {
  readonly identity: string;
  readonly #means: LinuxMeans;
  readonly #route: Route;
  #fd: number | undefined;

  /** Owns `file` once it is made. @throws SyscallError of setns, EINVAL when the file is no network namespace. */
  constructor(means: LinuxMeans, file: { readonly fd: number; readonly identity: string }) {
    this.#means = means;
    this.identity = file.identity;
    this.#route = means.thread.run(file.fd, () => new Route(means.syscalls));
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
    this.#openFd();
    const { syscalls, createTap } = this.#means;
    if (createTap === undefined) throw new Error("cannot make a tap: this program makes none");
    return createTap({ syscalls, namespace: this, route: this.#route }, { name, isMultiQueue, selinuxLabel });
  }

  deleteLink(index: number): void {
    this.#openFd();
    this.#route.deleteLink(index);
  }

  enter<T>(body: () => Immediate<T>): T {
    return this.#means.thread.run(this.#openFd(), body);
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    this.#means.syscalls.close(this.#fd);
    this.#fd = undefined;
    this.#route[Symbol.dispose]();
  }

  #openFd(): number {
    if (this.#fd === undefined) throw new Error("cannot use a network namespace after its disposal");
    return this.#fd;
  }
}
