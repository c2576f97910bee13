// A tap in the making: as long as it is not persistent it goes with its one descriptor, even by SIGKILL.

import type { Route } from "../netlink/route.ts";
import { errnoNumber } from "../sys/errno.ts";
import { SyscallError } from "../sys/syscalls.ts";
import type { TunQueue } from "../tun/tun-queue.ts";
import type { Link, PendingTap, TapOperation } from "./kernel.ts";

export class LinuxPendingTap implements PendingTap {
  readonly link: Link;
  readonly #queue: TunQueue;
  readonly #route: Route;

  constructor(queue: TunQueue, route: Route, link: Link) {
    this.#queue = queue;
    this.#route = route;
    this.link = link;
  }

  perform(operation: TapOperation): void {
    const { index } = this.link;
    switch (operation.kind) {
      case "setOwner":
        this.#queue.setOwner(operation.uid);
        break;
      case "setGroup":
        this.#queue.setGroup(operation.gid);
        break;
      case "setMac":
        this.#route.setMac(index, operation.mac);
        break;
      case "setMtu":
        this.#route.setMtu(index, operation.mtuBytes);
        break;
      case "setAlias":
        this.#route.setAlias(index, operation.alias);
        break;
      case "setQdisc":
        this.#route.setRootQdisc(index, operation.qdisc);
        break;
      case "setMaster":
        this.#route.setMaster(index, this.#indexOf(operation.bridge));
        break;
      case "setUp":
        this.#route.setUp(index);
        break;
      case "persist":
        this.#queue.persist();
        break;
      default:
        operation satisfies never;
    }
  }

  [Symbol.dispose](): void {
    this.#queue[Symbol.dispose]();
  }

  #indexOf(bridge: string): number {
    const found = this.#route.findLink(bridge);
    if (found !== undefined) return found.index;
    const code = "ENODEV";
    const args = `master "${bridge}" of link ${this.link.index}`;
    throw new SyscallError({ syscall: "RTM_SETLINK", errno: errnoNumber(code), code, args });
  }
}
