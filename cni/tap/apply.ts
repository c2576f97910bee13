// Performs a plan in the pod's namespace: all or nothing. Whatever fails, the pending tap is closed and is gone.

import { CniError, errorCodes } from "../error.ts";
import type { Link, NetworkNamespace } from "../kernel/kernel.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { type CreationPlan, planTap, type WantedTap } from "./plan.ts";

export interface MadeTap {
  readonly name: string;
  readonly mac: string;
  readonly mtuBytes: number;
}

/** A tap that nothing stands in the way of; our own leftover of that name may still be there. */
export interface FeasibleTap {
  readonly wanted: WantedTap;
  readonly plan: CreationPlan;
}

/** What becomes of a tap while it would still go with its descriptor. */
export interface Making<T> {
  /** Asked before anything is done to the tap: what cannot be reported is not made. */
  readonly report: (made: MadeTap) => T;
  /** The tap is up, and all that is left is to make it stay. What this returns is told in place of the report. */
  readonly configure?: (made: MadeTap, link: Link) => T;
}

/** Nothing is done to the kernel here. @throws CniError 100 or 105 */
export function planFeasibleTap(namespace: NetworkNamespace, wanted: WantedTap): FeasibleTap {
  const plan = planTap(wanted, namespace.findLink(wanted.name));
  if (plan.kind === "conflict") throw nameTaken(wanted.name, plan.why);
  if (wanted.bridge !== undefined) assertBridge(namespace, wanted.bridge);
  return { wanted, plan };
}

/**
 * Makes the tap and returns what `report` says of it.
 * @throws CniError 100 or 103; SyscallError for any other refusal; what the functions of `making` throw. Nothing is left then.
 */
export function applyTap<T>(namespace: NetworkNamespace, { wanted, plan }: FeasibleTap, making: Making<T>): T {
  if (plan.replaces !== undefined) namespace.deleteLink(plan.replaces.index);
  using pending = createPending(namespace, wanted, plan.isMultiQueue);
  const made = {
    name: wanted.name,
    mac: wanted.mac ?? pending.link.mac,
    mtuBytes: wanted.mtuBytes ?? pending.link.mtuBytes,
  };
  let reported = making.report(made);
  for (const operation of plan.operations) {
    if (operation.kind === "persist" && making.configure !== undefined) reported = making.configure(made, pending.link);
    pending.perform(operation);
  }
  // Nothing is done after `persist`, so nothing can fail once the tap would stay.
  return reported;
}

function createPending(namespace: NetworkNamespace, { name, selinuxContext }: WantedTap, isMultiQueue: boolean) {
  try {
    return namespace.createTap(name, isMultiQueue, selinuxContext);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    if (cause.syscall === "TUNSETIFF" && ["EBUSY", "EEXIST"].includes(cause.code)) {
      throw nameTaken(name, "it appeared meanwhile", cause);
    }
    if (cause.syscall === "open" && ["ENOENT", "ENODEV", "ENXIO"].includes(cause.code)) {
      throw new CniError(errorCodes.NoTunDevice, "cannot make a tap: /dev/net/tun is missing: load the tun module", {
        cause,
      });
    }
    throw labelError(selinuxContext, cause) ?? cause;
  }
}

/** Undefined for what has nothing to do with the label. */
function labelError(label: string | undefined, cause: SyscallError): CniError | undefined {
  if (label === undefined) return undefined;
  const { syscall, code } = cause;
  const field = `"selinuxContext": ${JSON.stringify(label)}`;
  // Without SELinux in the kernel, and for a label that its policy does not have, the kernel says EINVAL.
  if (syscall === "setexeccon" && ["EINVAL", "ENOENT"].includes(code)) {
    const advice = "use one that the node's SELinux policy has, or remove the field where the node has no SELinux";
    const message = `unsupported field ${field}: the node's kernel does not take this label (${code}): ${advice}`;
    return new CniError(errorCodes.UnsupportedField, message, { cause });
  }
  if (!["setexeccon", "execve", "TUNSETIFF"].includes(syscall) || !["EACCES", "EPERM"].includes(code)) return undefined;
  const why = syscall === "TUNSETIFF" ? "lets this label make no taps" : "does not let the plugin take on this label";
  const message = `cannot make a tap with ${field}: the node's SELinux policy ${why} (${code}): use another label, or extend the policy`;
  return new CniError(errorCodes.KernelRefused, message, { cause });
}

function assertBridge(namespace: NetworkNamespace, bridge: string): void {
  const found = namespace.findLink(bridge);
  if (found?.kind === "bridge") return;
  const why = found === undefined ? "there is no such interface in the pod" : `it is of kind "${found.kind ?? ""}"`;
  throw new CniError(
    errorCodes.NoSuchBridge,
    `cannot use "bridge": ${JSON.stringify(bridge)}: ${why}: put the plugin that makes the bridge before mqtap`,
  );
}

function nameTaken(name: string, why: string, cause?: unknown): CniError {
  return new CniError(
    errorCodes.LinkExists,
    `cannot make the tap "${name}": the pod has that interface already: ${why}`,
    {
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
