// What the addressing cases share: their world, a pair of taps, and addresses and routes as text.

import type { Addressing, IpPrefix, IpRoute, OpenAddressing } from "../../cni/kernel/addressing.ts";
import type { NetworkNamespace } from "../../cni/kernel/kernel.ts";
import { formatIpAddress, formatIpPrefix, parseIpAddress, parseIpPrefix } from "../../cni/netlink/ip-text.ts";
import { isEqual, isThere } from "./expect.ts";
import type { KernelWorld } from "./kernel-world.ts";

/** The world of the kernel cases, and what the addressing changes in it. */
export interface AddressingWorld extends KernelWorld {
  readonly openAddressing: OpenAddressing;
  /** As kubelet's sandbox may have it: IPv6 switched off on `lo` and on a link. */
  readonly switchIpv6Off: (link: string) => void;
  readonly isIpv6Off: (link: string) => boolean;
  /** Whether arp_notify is set. */
  readonly isAnnounced: (link: string) => boolean;
}

/** What a case works on. */
export interface Bed {
  readonly namespace: NetworkNamespace;
  readonly addressing: Addressing;
  /** A tap that is up, whose only queue is open. */
  readonly tap: number;
  readonly other: number;
}

// linux/rtnetlink.h: two tables, two scopes
export const mainTable = 254;
export const localTable = 255;
export const link = 253;
export const universe = 0;

/** Of its text. */
export const prefix = (text: string): IpPrefix => isThere(parseIpPrefix(text));
/** Of its text. */
export const ip = (text: string): Uint8Array => isThere(parseIpAddress(text));

/** A route with nothing said but what is given. */
export function route(destination: string, more: Partial<IpRoute> = {}): IpRoute {
  const nothing = { mtuBytes: undefined, advmss: undefined, priority: undefined, table: undefined, scope: undefined };
  return { destination: prefix(destination), gateway: undefined, ...nothing, ...more };
}

/** As text that can be compared. */
export const shown = ({ destination, gateway, ...rest }: IpRoute): string =>
  JSON.stringify({
    to: formatIpPrefix(destination),
    via: gateway === undefined ? undefined : formatIpAddress(gateway),
    mtu: rest.mtuBytes,
    advmss: rest.advmss,
    priority: rest.priority,
    table: rest.table,
    scope: rest.scope,
  });

/** Without those of link-local addresses, which come when they like, in an order of their own. */
const routesOf = ({ addressing, tap }: Bed): readonly string[] =>
  addressing
    .routes(tap)
    .filter(({ destination }) => !formatIpPrefix(destination).startsWith("fe80:"))
    .map(shown)
    .sort();

/** Without link-local ones, in an order of their own. */
export const addressesOf = (addressing: Addressing, index: number): readonly string[] =>
  addressing
    .addresses(index)
    .map(formatIpPrefix)
    .filter((text) => !text.startsWith("fe80:"))
    .sort();

/** The tap must have these routes and no other. */
export const hasRoutes = (bed: Bed, ...expected: readonly IpRoute[]): void =>
  isEqual(routesOf(bed), expected.map(shown).sort());

/** The route that the kernel makes for an address. */
export const connected = (destination: string): IpRoute =>
  route(
    destination,
    destination.includes(":")
      ? { priority: 256, table: mainTable, scope: universe }
      : { table: mainTable, scope: link },
  );

/** Runs `act` on the tap `tap0`, up, beside the tap `tap1`, down. */
export function withTaps(act: (bed: Bed, world: AddressingWorld) => void): (world: AddressingWorld) => void {
  return (world) => {
    using namespace = isThere(world.kernel.openNamespace(world.namespacePath));
    using tap = namespace.createTap("tap0", false);
    using other = namespace.createTap("tap1", false);
    tap.perform({ kind: "setUp" });
    using addressing = world.openAddressing(namespace);
    act({ namespace, addressing, tap: tap.link.index, other: other.link.index }, world);
  };
}
