// CHECK: what prevResult says of our interface's addresses, and of routes, is still so.

import { CniError, errorCodes } from "../error.ts";
import { isJsonObject, memberOf } from "../json-object.ts";
import type { Addressing, IpRoute } from "../kernel/addressing.ts";
import type { Link, NetworkNamespace } from "../kernel/kernel.ts";
import { formatIpPrefix, isSameIp } from "../netlink/ip-text.ts";
import { interfaceList, type PrevResult } from "../result.ts";
import { IpamResultError, parseIpamResult } from "./ipam-result.ts";
import { isRoute } from "./routes.ts";

/** Why the addresses of `tap` are not those of prevResult; undefined when they are. @throws CniError 7 */
export function addressFault(
  addressing: Addressing,
  { namespace, tap, prev }: { readonly namespace: NetworkNamespace; readonly tap: Link; readonly prev: PrevResult },
): string | undefined {
  const { addresses, routes } = parseAddresses(prev, tap.name);
  if (addresses.length === 0) return "prevResult has no address of it";
  const found = addressing.addresses(tap.index);
  for (const { prefix } of addresses) {
    const isThere = found.some(
      ({ address, prefixLength }) => prefixLength === prefix.prefixLength && isSameIp(address, prefix.address),
    );
    if (!isThere) return `it lost its address ${formatIpPrefix(prefix)}`;
  }
  if (routes.length === 0) return undefined;
  const own = addressing.routes(tap.index);
  const missing = routes.filter((route) => !hasRoute(own, route));
  if (missing.length === 0) return undefined;
  // Which link a route is on stands in no result: earlier plugins have theirs elsewhere.
  const others = namespace.links().flatMap(({ index }) => addressing.routes(index));
  const lost = missing.find((route) => !hasRoute(others, route));
  return lost === undefined ? undefined : `its route to ${formatIpPrefix(lost.destination)} is gone`;
}

/** A gateway that the result leaves open may be any, as for the reference. */
function hasRoute(found: readonly IpRoute[], { destination, gateway }: IpRoute): boolean {
  return found.some((route) => isRoute(route, { destination, gateway: gateway ?? route.gateway }));
}

/** The addresses of our interface alone; an address that names none is ours where there is no other. */
function parseAddresses(prev: PrevResult, ifName: string): ReturnType<typeof parseIpamResult> {
  const names = interfaceList(prev.object).map((each) => (isJsonObject(each) ? memberOf(each, "name") : undefined));
  const ips = memberOf(prev.object, "ips");
  const ours = (Array.isArray(ips) ? ips : []).filter((ip: unknown) => {
    const index = isJsonObject(ip) ? memberOf(ip, "interface") : undefined;
    return index === undefined ? names.length === 1 : typeof index === "number" && names[index] === ifName;
  });
  try {
    return parseIpamResult({ ips: ours, routes: memberOf(prev.object, "routes") });
  } catch (cause) {
    if (!(cause instanceof IpamResultError)) throw cause;
    throw new CniError(errorCodes.InvalidNetworkConfig, `invalid "prevResult": ${cause.message}`, { cause });
  }
}
