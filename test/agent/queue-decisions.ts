// Queue decisions for tests: the first NIC of a VM, "blue", on a node without limits, with the hook, unless told.
import assert from "node:assert/strict";
import { decideQueues, type QueueDecision, type QueueQuestion } from "../../operator/agent/sizing/queues.ts";
import { parseVmi } from "../../operator/agent/sizing/vmi.ts";
import { nodeLimits, type VmiShape, vmiObject } from "./objects.ts";

/** Pods on which mqtap rewrites the domain XML, and on which it cannot. */
const hooked = { hasHook: true, isMigrationTarget: false, isRunning: false };
export const noHook = { ...hooked, hasHook: false };
export const hotplugged = { ...hooked, isRunning: true };
export const migrationTarget = { ...hooked, isMigrationTarget: true };

export const dense = "NodeNetworkConfig/dense-windows";
export const noLimits = nodeLimits();
export const four = nodeLimits({ maxQueues: 4, maxQueuesSource: dense });

export interface VmOfNics extends Omit<VmiShape, "interfaces" | "networks"> {
  /** Named by their place: blue, n1, n2, ... */
  readonly nics?: readonly object[];
}

export function decide(
  part: Partial<Omit<QueueQuestion, "vmi" | "nic">>,
  { nics = [{}], ...shape }: VmOfNics = {},
): QueueDecision {
  const interfaces = nics.map((nic, index) => ({ name: index === 0 ? "blue" : `n${index}`, ...nic }));
  const vmi = parseVmi(vmiObject({ ...shape, interfaces }));
  const [nic] = vmi.interfaces;
  assert.ok(nic);
  return decideQueues({ vmi, nic, pod: hooked, limits: noLimits, networkMaxQueues: undefined, ...part });
}
