// Performs a plan in the pod's namespace: all or nothing. Whatever fails, the pending tap is closed and is gone.

import { CniError, errorCodes } from "../error.ts";
import type { NetworkNamespace } from "../kernel/kernel.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { planTap, type WantedTap } from "./plan.ts";

export interface MadeTap {
  readonly name: string;
  readonly mac: string;
  readonly mtuBytes: number;
}

/**
 * Makes the wanted tap and returns what `report` says of it. It is asked before the tap would stay: what cannot be reported is
 * not made.
 * @throws CniError 100, 103 or 105; SyscallError for any other refusal; what `report` throws. Nothing is left then.
 */
export function applyTap<T>(namespace: NetworkNamespace, wanted: WantedTap, report: (made: MadeTap) => T): T {
  const plan = planTap(wanted, namespace.findLink(wanted.name));
  if (plan.kind === "conflict") throw nameTaken(wanted.name, plan.why);
  if (wanted.bridge !== undefined) assertBridge(namespace, wanted.bridge);
  if (plan.replaces !== undefined) namespace.deleteLink(plan.replaces.index);
  using pending = createPending(namespace, wanted.name, plan.isMultiQueue);
  const reported = report({
    name: wanted.name,
    mac: wanted.mac ?? pending.link.mac,
    mtuBytes: wanted.mtuBytes ?? pending.link.mtuBytes,
  });
  for (const operation of plan.operations) pending.perform(operation);
  // Nothing is done after `persist`, so nothing can fail once the tap would stay.
  return reported;
}

function createPending(namespace: NetworkNamespace, name: string, isMultiQueue: boolean) {
  try {
    return namespace.createTap(name, isMultiQueue);
  } catch (cause) {
    if (!(cause instanceof SyscallError)) throw cause;
    if (cause.code === "EBUSY" || cause.code === "EEXIST") throw nameTaken(name, "it appeared meanwhile", cause);
    if (cause.syscall === "open" && ["ENOENT", "ENODEV", "ENXIO"].includes(cause.code)) {
      throw new CniError(errorCodes.NoTunDevice, "cannot make a tap: /dev/net/tun is missing: load the tun module", {
        cause,
      });
    }
    throw cause;
  }
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
