// ADD with addresses: the IPAM plugin is asked once nothing but the kernel can refuse the tap any more, and what it reserved is
// released again whenever the tap does not come to be.

import type { Dns } from "../config.ts";
import { CniError, errorCodes } from "../error.ts";
import { formatAddressedResult } from "../ipam/addressed-result.ts";
import { configureAddresses } from "../ipam/configure.ts";
import {
  type Delegation,
  delegate,
  delegateError,
  describeOutput,
  failureError,
  parseObject,
  runDelegate,
} from "../ipam/delegate.ts";
import { type IpamResult, IpamResultError, parseIpamResult } from "../ipam/ipam-result.ts";
import type { NetworkNamespace } from "../kernel/kernel.ts";
import { enforceIpamPolicy } from "../policy/ipam-policy.ts";
import type { PrevResult } from "../result.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { applyTap, type FeasibleTap } from "../tap/apply.ts";
import { type AddressedAdd, add } from "./add.ts";
import type { Call, Command } from "./call.ts";
import { openAddressing } from "./open-addressing.ts";

/** ADD of the program that runs IPAM plugins. */
export const addWithIpam: Command = (call) => add(call, addressed);

const addressed: AddressedAdd = {
  validate: ({ document }, policy) => enforceIpamPolicy(policy, document),
  make: (call, tap) => {
    try {
      removeLeftover(call, tap);
      return makeWithAddresses(call, tap);
    } catch (error) {
      // While it is there, its addresses stay its own.
      if (!isLeftoverThere(tap)) release(call, tap.ipamType);
      throw error;
    }
  },
};

interface AddressedTap {
  readonly namespace: NetworkNamespace;
  readonly feasible: FeasibleTap;
  readonly ipamType: string;
  readonly prev: PrevResult | undefined;
  readonly dns: Dns | undefined;
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

function makeWithAddresses(call: Call, { namespace, feasible, ipamType, prev, dns }: AddressedTap): string {
  const ipam = obtainAddresses(call, ipamType);
  using addressing = openAddressing(call, namespace);
  return applyTap(namespace, feasible, {
    report: (made) => {
      const tap = { ...made, sandbox: call.environment.netns };
      return formatAddressedResult(call.cniVersion, { prev, tap, dns }, ipam);
    },
    configure: (link) => configureAddresses(addressing, link, ipam),
  });
}

/** @throws CniError 11, 120 or 121 */
function obtainAddresses(call: Call, type: string): IpamResult {
  const delegation = { command: "ADD", type, purpose: "get addresses" } as const;
  const stdout = askTwice(call, delegation);
  const document = parseObject(stdout);
  if (document === undefined) throw delegateError(delegation, `it ${describeOutput(stdout)}, which is no result`);
  try {
    const result = parseIpamResult(document);
    if (result.addresses.length === 0) throw delegateError(delegation, "it gave no address");
    return result;
  } catch (error) {
    if (!(error instanceof IpamResultError)) throw error;
    throw delegateError(delegation, `its answer makes no sense: ${error.message}`);
  }
}

/**
 * An ADD that was killed may have left a reservation without a tap, for which plugins refuse this attachment. The name is free,
 * so nobody uses what is released here.
 */
function askTwice(call: Call, delegation: Delegation): string {
  const outcome = runDelegate(call, delegation);
  if (!("failure" in outcome)) return outcome.stdout;
  const { code, why } = outcome.failure;
  if (code !== undefined && code !== errorCodes.TryAgainLater) {
    call.log("info", `asking again after a release: IPAM plugin ${JSON.stringify(delegation.type)}: ${why}`);
    release(call, delegation.type);
    return delegate(call, delegation);
  }
  throw failureError(delegation, outcome.failure);
}

/** The error that led here is the one to tell; a runtime that calls DEL tries this again. */
function release(call: Call, type: string): void {
  try {
    delegate(call, { command: "DEL", type, purpose: "release addresses" });
  } catch (error) {
    const isMissing = error instanceof CniError && error.code === errorCodes.NoIpamPlugin;
    if (!isMissing) call.log("warn", error instanceof Error ? error.message : String(error));
  }
}
