// Which routes a tap gets, and when two of them are the same to the kernel.

import type { IpBytes, IpPrefix, IpRoute } from "../kernel/addressing.ts";
import { isSameIp } from "../netlink/ip-text.ts";
import type { IpamResult } from "./ipam-result.ts";

/** A route without a gateway goes through the first one of its family that came with an address, as in the reference. */
export function routesToSet({ addresses, routes }: IpamResult): readonly IpRoute[] {
  const gateways = addresses.flatMap(({ gateway }) => (gateway === undefined ? [] : [gateway]));
  return routes.map((route) => ({
    ...route,
    gateway: route.gateway ?? gateways.find(({ length }) => length === route.destination.address.length),
  }));
}

/** What has to be the same; the rest may be anything. */
type WantedRoute = Pick<IpRoute, "destination" | "gateway"> & Partial<IpRoute>;

/** Whether `found` takes packets where `wanted` would. */
export function isRoute(found: IpRoute, wanted: WantedRoute): boolean {
  return (
    isPrefix(found.destination, wanted.destination) &&
    isSameGateway(found.gateway, wanted.gateway) &&
    (["mtuBytes", "advmss", "priority", "table", "scope"] as const).every(
      (key) => wanted[key] === undefined || wanted[key] === found[key],
    )
  );
}

function isPrefix(one: IpPrefix, other: IpPrefix): boolean {
  return one.prefixLength === other.prefixLength && isSameIp(one.address, other.address);
}

function isSameGateway(one: IpBytes | undefined, other: IpBytes | undefined): boolean {
  return one === undefined || other === undefined ? one === other : isSameIp(one, other);
}
