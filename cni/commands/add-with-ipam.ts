// ADD with addresses: the IPAM plugin is asked while the tap is up but would still go with its descriptor, so that one that sends
// packets (dhcp) can use it. What it reserved is released again whenever the tap does not come to be.

import type { Dns } from "../config.ts";
import { formatAddressedResult } from "../ipam/addressed-result.ts";
import { configureAddresses } from "../ipam/configure.ts";
import { delegate } from "../ipam/delegate.ts";
import { findPlugin } from "../ipam/find-plugin.ts";
import type { IpamResult } from "../ipam/ipam-result.ts";
import type { NetworkNamespace } from "../kernel/kernel.ts";
import { enforceIpamPolicy } from "../policy/ipam-policy.ts";
import type { PrevResult } from "../result.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { applyTap, type FeasibleTap, type MadeTap } from "../tap/apply.ts";
import { type AddressedAdd, add } from "./add.ts";
import type { Call, Command } from "./call.ts";
import { obtainAddresses, releaseAddresses } from "./ipam-addresses.ts";
import { openAddressing } from "./open-addressing.ts";

/** ADD of the program that runs IPAM plugins. */
export const addWithIpam: Command = (call) => add(call, addressed);

const addressed: AddressedAdd = {
  validate: ({ document }, policy) => enforceIpamPolicy(policy, document),
  make: (call, tap) => {
    // Nothing is made before it is known who shall give the addresses.
    findPlugin(call.sys, tap.ipamType, call.environment.path);
    return makeWithAddresses(call, tap);
  },
};

interface AddressedTap {
  readonly namespace: NetworkNamespace;
  readonly feasible: FeasibleTap;
  readonly ipamType: string;
  readonly prev: PrevResult | undefined;
  readonly dns: Dns | undefined;
}

function makeWithAddresses(call: Call, tap: AddressedTap): string {
  const { namespace, feasible, ipamType } = tap;
  using addressing = openAddressing(call, namespace);
  let mayBeReserved = feasible.plan.replaces !== undefined;
  try {
    removeLeftover(call, tap);
    return applyTap(namespace, feasible, {
      report: (made) => formatResult(call, tap, made, noAddresses),
      configure: (made, link) => {
        mayBeReserved = true;
        const ipam = obtainAddresses(call, ipamType);
        configureAddresses(addressing, link, ipam);
        return formatResult(call, tap, made, ipam);
      },
    });
  } catch (error) {
    // While a leftover is there, its addresses stay its own.
    if (mayBeReserved && !isLeftoverThere(tap)) releaseAddresses(call, ipamType);
    throw error;
  }
}

/** For the trial before anybody is asked: a prevResult that cannot be extended reserves nothing. */
const noAddresses: IpamResult = { addresses: [], routes: [], dns: undefined };

function formatResult(call: Call, { prev, dns }: AddressedTap, made: MadeTap, ipam: IpamResult): string {
  const tap = { ...made, sandbox: call.environment.netns };
  return formatAddressedResult(call.cniVersion, { prev, tap, dns }, ipam);
}

/** A leftover goes as DEL would have it go: plugins refuse an attachment that has addresses already. */
function removeLeftover(call: Call, { namespace, feasible, ipamType }: AddressedTap): void {
  const { replaces } = feasible.plan;
  if (replaces === undefined) return;
  namespace.deleteLink(replaces.index);
  delegate(call, { command: "DEL", type: ipamType, purpose: "release the addresses of this attachment's leftover" });
}

function isLeftoverThere({ namespace, feasible }: AddressedTap): boolean {
  const { replaces } = feasible.plan;
  if (replaces === undefined) return false;
  try {
    return namespace.findLink(replaces.name)?.index === replaces.index;
  } catch (error) {
    if (error instanceof SyscallError) return true;
    throw error;
  }
}
