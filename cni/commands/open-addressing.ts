// The way to addresses and routes of a call's namespace.

import type { Addressing } from "../kernel/addressing.ts";
import type { NetworkNamespace } from "../kernel/kernel.ts";
import type { Call } from "./call.ts";

/** Only the program that runs IPAM plugins has one. */
export function openAddressing(call: Call, namespace: NetworkNamespace): Addressing {
  if (call.openAddressing === undefined) throw new Error("cannot set addresses: this program cannot");
  return call.openAddressing(namespace);
}
