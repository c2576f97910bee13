// CHECK of a tap with addresses: they are still on the link, and the IPAM plugin still knows of them.

import { addressFault } from "../ipam/address-fault.ts";
import { delegate } from "../ipam/delegate.ts";
import type { Link, NetworkNamespace } from "../kernel/kernel.ts";
import { enforceIpamPolicy } from "../policy/ipam-policy.ts";
import { readPolicy } from "../policy/read-policy.ts";
import type { PrevResult } from "../result.ts";
import type { Call } from "./call.ts";
import { openAddressing } from "./open-addressing.ts";

/** Why the addresses are not as ADD left them. @throws CniError 7, 11, 108, 109, 120 or 121 */
export function ipamFault(
  call: Call,
  found: {
    readonly namespace: NetworkNamespace;
    readonly tap: Link;
    readonly prev: PrevResult;
    readonly ipamType: string;
  },
): string | undefined {
  enforceIpamPolicy(readPolicy(call), call.document);
  const fault = faultOf(call, found);
  if (fault === undefined) delegate(call, { command: "CHECK", type: found.ipamType, purpose: "confirm addresses" });
  return fault;
}

function faultOf(
  call: Call,
  found: { readonly namespace: NetworkNamespace; readonly tap: Link; readonly prev: PrevResult },
): string | undefined {
  using addressing = openAddressing(call, found.namespace);
  return addressFault(addressing, found);
}
