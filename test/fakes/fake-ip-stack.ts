// Addresses and routes of one network namespace in memory, with the rules of the kernel that mqtap relies on. test/conformance
// holds it to the behaviour of the real one; only the link-local addresses that the kernel makes by itself are not here.

import type { IpBytes, IpPrefix, IpRoute } from "../../cni/kernel/addressing.ts";
import type { Link } from "../../cni/kernel/kernel.ts";
import { formatIpAddress, formatIpPrefix, isSameIp, networkOf } from "../../cni/netlink/ip-text.ts";
import { errnoNumber } from "../../cni/sys/errno.ts";
import { SyscallError } from "../../cni/sys/syscalls.ts";
import { linkNameBytes } from "../../cni/tun/link-name.ts";

const mainTable = 254;
const localTable = 255;
const universeScope = 0;
const linkScope = 253;

interface Of<T> {
  readonly index: number;
  readonly what: T;
}

function refusal(syscall: string, code: string, args: string): SyscallError {
  return new SyscallError({ syscall, errno: errnoNumber(code), code, args });
}

const isIpv4 = (address: IpBytes): boolean => address.length === 4;
const isLinkLocal = (address: IpBytes): boolean => !isIpv4(address) && address[0] === 0xfe && address[1] === 0x80;

function isWithin(address: IpBytes, { address: network, prefixLength }: IpPrefix): boolean {
  return address.length === network.length && isSameIp(networkOf({ address, prefixLength }).address, network);
}

/** Equal for routes that are the same in all their parts. */
function routeKey(route: IpRoute): string {
  const { destination, gateway, mtuBytes, advmss, priority, table, scope } = route;
  const parts = [gateway === undefined ? "" : formatIpAddress(gateway), mtuBytes, advmss, priority, table, scope];
  return [formatIpPrefix(destination), ...parts].join(" ");
}

/** What a namespace keeps of addresses and routes. */
export class FakeIpStack {
  /** Links that arp_notify is set of. */
  readonly announced = new Set<string>();
  /** Links on which IPv6 is switched off. */
  readonly withoutIpv6 = new Set<string>();
  readonly #links: () => readonly Link[];
  readonly #addresses: Of<IpPrefix>[] = [];
  readonly #routes: Of<IpRoute>[] = [];

  constructor(links: () => readonly Link[]) {
    this.#links = links;
  }

  enableIpv6(name: string): void {
    this.#checkName(name);
    for (const link of ["lo", name]) this.withoutIpv6.delete(link);
  }

  announceByArp(name: string): void {
    this.#checkName(name);
    if (this.#links().some((link) => link.name === name)) this.announced.add(name);
  }

  addAddress(index: number, prefix: IpPrefix): void {
    const { address, prefixLength } = prefix;
    const args = `${formatIpPrefix(prefix)} of link ${index}`;
    const link = this.#link(index);
    if (prefixLength > address.length * 8) throw refusal("RTM_NEWADDR", "EINVAL", args);
    if (link === undefined) throw refusal("RTM_NEWADDR", "ENODEV", args);
    if (!isIpv4(address) && this.withoutIpv6.has(link.name)) throw refusal("RTM_NEWADDR", "EACCES", args);
    // IPv4 takes one address with several prefixes, IPv6 does not.
    const isThere = this.addresses(index).some(
      (other) => isSameIp(other.address, address) && (!isIpv4(address) || other.prefixLength === prefixLength),
    );
    if (isThere) throw refusal("RTM_NEWADDR", "EEXIST", args);
    this.#addresses.push({ index, what: prefix });
  }

  addRoute(index: number, route: IpRoute): void {
    const destination = networkOf(route.destination);
    const args = `${formatIpPrefix(destination)} through link ${index}`;
    const link = this.#link(index);
    if (link === undefined) throw refusal("RTM_NEWROUTE", "ENODEV", args);
    if (!link.isUp) throw refusal("RTM_NEWROUTE", "ENETDOWN", args);
    const { gateway } = route;
    const why = gateway === undefined ? undefined : this.#whyUnreachable(index, destination, gateway);
    if (why !== undefined) throw refusal("RTM_NEWROUTE", why, args);
    const added = { ...route, destination, table: route.table ?? mainTable, ...this.#chosen(destination, route) };
    // An IPv4 route of the kernel's own differs in what is not told here: it names the source address.
    const others = isIpv4(destination.address) ? this.#added(index) : this.routes(index);
    if (others.some((other) => routeKey(other) === routeKey(added))) throw refusal("RTM_NEWROUTE", "EEXIST", args);
    this.#routes.push({ index, what: added });
  }

  addresses(index: number): readonly IpPrefix[] {
    if (this.#link(index) === undefined) return [];
    return this.#addresses.filter((address) => address.index === index).map(({ what }) => what);
  }

  routes(index: number): readonly IpRoute[] {
    const link = this.#link(index);
    if (link?.isUp !== true) return [];
    const connected = this.addresses(index)
      .filter(({ address, prefixLength }) => !isIpv4(address) || prefixLength < 32)
      .map((prefix) => this.#connected(prefix));
    return [...connected, ...this.#added(index).filter(({ table }) => table !== localTable)];
  }

  #added(index: number): readonly IpRoute[] {
    return this.#routes.filter((route) => route.index === index).map(({ what }) => what);
  }

  /** The route to the network of an address, which the kernel makes. */
  #connected(prefix: IpPrefix): IpRoute {
    const none = { gateway: undefined, mtuBytes: undefined, advmss: undefined };
    const chosen = isIpv4(prefix.address)
      ? { priority: undefined, scope: linkScope }
      : { priority: 256, scope: universeScope };
    return { destination: networkOf(prefix), ...none, ...chosen, table: mainTable };
  }

  /** What the kernel fills in where nothing is said. */
  #chosen({ address }: IpPrefix, { gateway, priority, scope }: IpRoute): Pick<IpRoute, "priority" | "scope"> {
    if (!isIpv4(address)) return { priority: priority === undefined || priority === 0 ? 1024 : priority, scope: 0 };
    const usual = gateway === undefined ? linkScope : universeScope;
    return { priority: priority === 0 ? undefined : priority, scope: scope ?? usual };
  }

  #whyUnreachable(index: number, destination: IpPrefix, gateway: IpBytes): string | undefined {
    if (gateway.length !== destination.address.length) return "EINVAL";
    const isOwn = this.addresses(index).some(({ address }) => isSameIp(address, gateway));
    if (isOwn) return isIpv4(gateway) ? undefined : "EINVAL";
    if (isLinkLocal(gateway)) return undefined;
    const isNear = this.routes(index).some(
      (route) =>
        route.gateway === undefined &&
        isWithin(gateway, route.destination) &&
        (!isIpv4(gateway) || route.scope === linkScope),
    );
    if (isNear) return undefined;
    return isIpv4(gateway) ? "ENETUNREACH" : "EHOSTUNREACH";
  }

  #link(index: number): Link | undefined {
    return this.#links().find((link) => link.index === index);
  }

  #checkName(name: string): void {
    if (linkNameBytes(name) === undefined) throw refusal("open", "EINVAL", `settings of link "${name}"`);
  }
}
