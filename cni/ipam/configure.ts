// Gives a tap that is up its addresses and routes, in the order of the reference (pkg/ipam, ConfigureIface).

import type { Addressing, IpRoute } from "../kernel/addressing.ts";
import type { Link } from "../kernel/kernel.ts";
import { SyscallError } from "../sys/syscalls.ts";
import type { IpamResult } from "./ipam-result.ts";
import { isRoute, routesToSet } from "./routes.ts";

/** @throws SyscallError for what the kernel refuses. */
export function configureAddresses(addressing: Addressing, { index, name }: Link, result: IpamResult): void {
  addressing.announceByArp(name);
  if (result.addresses.some(({ prefix }) => prefix.address.length === 16)) addressing.enableIpv6(name);
  for (const { prefix } of result.addresses) addressing.addAddress(index, prefix);
  for (const route of routesToSet(result)) addRoute(addressing, index, route);
}

/** The kernel makes some routes itself: one that is there already as it shall be is as good. */
function addRoute(addressing: Addressing, index: number, route: IpRoute): void {
  try {
    addressing.addRoute(index, route);
  } catch (error) {
    const isThere = error instanceof SyscallError && error.code === "EEXIST";
    if (!isThere || !addressing.routes(index).some((found) => isRoute(found, route))) throw error;
  }
}
