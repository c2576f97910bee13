// The result of an ADD with addresses, in the version asked for: `ips` and `routes` from 0.3.0 on, where an address names its
// interface by index; before, `ip4` and `ip6` with the first address of each family and its routes.

import type { JsonObject } from "../json-object.ts";
import { memberOf, showJson } from "../json-object.ts";
import type { IpRoute } from "../kernel/addressing.ts";
import { formatIpAddress, formatIpPrefix } from "../netlink/ip-text.ts";
import {
  addTap,
  hasInterfaces,
  interfaceList,
  invalidPrevResult,
  isOneDotX,
  type ReportedTap,
  write,
} from "../result.ts";
import type { IpamAddress, IpamResult } from "./ipam-result.ts";

/** prevResult with our interface, its addresses and routes. What plugins before us reported stays as it is. */
export function formatAddressedResult(version: string, addition: ReportedTap, ipam: IpamResult): string {
  const result = addTap(version, addition);
  const addressed = hasInterfaces(version) ? addAddresses(version, result, ipam) : addFamilies(result, ipam);
  return write(ipam.dns === undefined || hasDns(result) ? addressed : { ...addressed, dns: ipam.dns });
}

/** Go writes an empty one where nothing is set. */
function hasDns(result: JsonObject): boolean {
  return Object.keys(Object(memberOf(result, "dns") ?? {})).length > 0;
}

function addAddresses(version: string, result: JsonObject, { addresses, routes }: IpamResult): JsonObject {
  const ours = { version, index: interfaceList(result).length - 1 };
  const allRoutes = [...listOf(result, "routes"), ...routes.map((route) => formatRoute(version, route))];
  return {
    ...result,
    ips: [...listOf(result, "ips"), ...addresses.map((address) => formatAddress(ours, address))],
    ...(allRoutes.length === 0 ? {} : { routes: allRoutes }),
  };
}

/** Before 0.3.0 a result has one address of each family; one that an earlier plugin gave stays. */
function addFamilies(result: JsonObject, { addresses, routes }: IpamResult): JsonObject {
  const families: Record<string, unknown> = {};
  for (const [key, bytes] of [["ip4", 4] as const, ["ip6", 16] as const]) {
    const address = addresses.find(({ prefix }) => prefix.address.length === bytes);
    if (address === undefined || memberOf(result, key) !== undefined) continue;
    const own = routes.filter(({ destination }) => destination.address.length === bytes);
    families[key] = {
      ip: formatIpPrefix(address.prefix),
      ...gatewayOf(address),
      ...(own.length === 0 ? {} : { routes: own.map((route) => formatRoute("0.2.0", route)) }),
    };
  }
  return { ...result, ...families };
}

function formatAddress(ours: { readonly version: string; readonly index: number }, address: IpamAddress): JsonObject {
  const { prefix } = address;
  return {
    ...(isOneDotX(ours.version) ? {} : { version: prefix.address.length === 4 ? "4" : "6" }),
    interface: ours.index,
    address: formatIpPrefix(prefix),
    ...gatewayOf(address),
  };
}

function gatewayOf({ gateway }: IpamAddress): JsonObject {
  return gateway === undefined ? {} : { gateway: formatIpAddress(gateway) };
}

/** What 1.1.0 added has no place in older results. */
function formatRoute(version: string, route: IpRoute): JsonObject {
  const { destination, gateway, mtuBytes, advmss, priority, table, scope } = route;
  const newer = version === "1.1.0" ? { mtu: mtuBytes, advmss, priority, table, scope } : {};
  return {
    dst: formatIpPrefix(destination),
    ...(gateway === undefined ? {} : { gw: formatIpAddress(gateway) }),
    // JSON.stringify leaves out what is undefined.
    ...newer,
  };
}

function listOf(result: JsonObject, key: string): readonly unknown[] {
  const list = memberOf(result, key) ?? [];
  if (!Array.isArray(list)) throw invalidPrevResult(`"${key}" is ${showJson(list)}, not an array`);
  return list;
}
