// The Addressing of Linux: addresses and routes by rtnetlink, the rest by /proc/sys/net, which shows the namespace that the
// reading thread is in.

import { decodeAddress, encodeAddress, encodeAddressQuery } from "../netlink/address-message.ts";
import {
  NLM_F_CREATE,
  NLM_F_EXCL,
  RTM_GETADDR,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWROUTE,
} from "../netlink/constants.ts";
import { formatIpAddress, formatIpPrefix, networkOf } from "../netlink/ip-text.ts";
import { decodeRoute, encodeRoute, encodeRouteQuery } from "../netlink/route-message.ts";
import { RouteSocket } from "../netlink/socket.ts";
import { errnoNumber } from "../sys/errno.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { linkNameBytes } from "../tun/link-name.ts";
import type { Addressing, IpPrefix, IpRoute } from "./addressing.ts";
import type { NetworkNamespace } from "./kernel.ts";

const O_WRONLY = 1;
/** linux/rtnetlink.h: the kernel's own routes to this host. */
const RT_TABLE_LOCAL = 255;

/** Opens the addressing of a namespace, which has to stay open meanwhile. @throws SyscallError */
export function openLinuxAddressing(syscalls: Syscalls, namespace: NetworkNamespace): Addressing {
  const socket = namespace.enter(() => new RouteSocket(syscalls));
  return new LinuxAddressing(syscalls, namespace, socket);
}

class LinuxAddressing implements Addressing {
  readonly #syscalls: Syscalls;
  readonly #namespace: NetworkNamespace;
  readonly #socket: RouteSocket;

  constructor(syscalls: Syscalls, namespace: NetworkNamespace, socket: RouteSocket) {
    this.#syscalls = syscalls;
    this.#namespace = namespace;
    this.#socket = socket;
  }

  enableIpv6(name: string): void {
    this.#inside(name, () => {
      for (const link of ["lo", name]) this.#set(`ipv6/conf/${link}/disable_ipv6`, "0");
      this.#set(`ipv6/conf/${name}/keep_addr_on_down`, "1");
    });
  }

  addAddress(index: number, prefix: IpPrefix): void {
    const { address, prefixLength } = prefix;
    this.#socket.change({
      type: RTM_NEWADDR,
      name: "RTM_NEWADDR",
      asked: `${formatIpPrefix(prefix)} of link ${index}`,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      payload: encodeAddress({ index, address, prefixLength }),
    });
  }

  addRoute(index: number, route: IpRoute): void {
    const { destination, gateway } = route;
    const way = gateway === undefined ? "" : ` via ${formatIpAddress(gateway)}`;
    const asked = `${formatIpPrefix(networkOf(destination))}${way} through link ${index}`;
    if (gateway !== undefined && gateway.length !== destination.address.length) {
      // The kernel would take the first 4 bytes of 16 and go there.
      throw invalid("RTM_NEWROUTE", asked, "the gateway is of another family");
    }
    this.#socket.change({
      type: RTM_NEWROUTE,
      name: "RTM_NEWROUTE",
      asked,
      // Without NLM_F_EXCL, as the reference: a second gateway to one destination is taken.
      flags: NLM_F_CREATE,
      payload: encodeRoute({ ...route, index }),
    });
  }

  addresses(index: number): readonly IpPrefix[] {
    const request = { type: RTM_GETADDR, name: "RTM_GETADDR", asked: "of all links", payload: encodeAddressQuery() };
    const prefixes: IpPrefix[] = [];
    for (const found of this.#socket.dump(request, decodeAddress)) {
      if (found?.index !== index) continue;
      prefixes.push({ address: found.address, prefixLength: found.prefixLength });
    }
    return prefixes;
  }

  routes(index: number): readonly IpRoute[] {
    const request = { type: RTM_GETROUTE, name: "RTM_GETROUTE", asked: "of all links", payload: encodeRouteQuery() };
    const routes: IpRoute[] = [];
    for (const { index: through, ...route } of this.#socket.dump(request, decodeRoute).flat()) {
      if (through === index && route.table !== RT_TABLE_LOCAL) routes.push(route);
    }
    return routes;
  }

  announceByArp(name: string): void {
    this.#inside(name, () => {
      try {
        this.#set(`ipv4/conf/${name}/arp_notify`, "1");
      } catch (error) {
        // Worth no pod's network, and lasting: the container that runs us has a read-only /proc/sys.
        if (!(error instanceof SyscallError) || !["EROFS", "EACCES", "EPERM"].includes(error.code)) throw error;
      }
    });
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  /** Runs `body` in the namespace. @throws SyscallError EINVAL for a name that no link can have, as it is part of a path. */
  #inside(name: string, body: () => undefined): void {
    if (linkNameBytes(name) === undefined) throw invalid("open", `settings of link "${name}"`, "no link has this name");
    this.#namespace.enter(body);
  }

  /** Sets a value of /proc/sys/net that is another one. Absent where the kernel lacks the protocol. */
  #set(setting: string, value: string): undefined {
    const path = `/proc/sys/net/${setting}`;
    const current = this.#syscalls.openIfThere(path, 0);
    if (current === undefined) return;
    try {
      if (this.#syscalls.readToEnd(current).trim() === value) return;
    } finally {
      this.#syscalls.close(current);
    }
    const fd = this.#syscalls.open(path, O_WRONLY);
    try {
      this.#syscalls.write(fd, value);
    } finally {
      this.#syscalls.close(fd);
    }
  }
}

function invalid(syscall: string, args: string, reason: string): SyscallError {
  const code = "EINVAL";
  return new SyscallError({ syscall, errno: errnoNumber(code), code, args, reason });
}
