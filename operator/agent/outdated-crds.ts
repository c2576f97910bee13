// A status for a cluster whose CRD is older than this agent: without the fields that it lacks, and with a condition that says
// so where people look. Pure.

import type { NodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import { findCondition, setCondition } from "../kube/conditions.ts";

/** `lacking` are paths such as ".status.tuntap.kernelLimit"; the field next to the status goes as a whole. */
export function withoutFields(
  status: NodeNetworkProfileStatus,
  lacking: readonly string[],
  now: Date,
): NodeNetworkProfileStatus {
  const names = new Set(lacking.map((path) => /^\.status\.(\w+)/.exec(path)?.[1]));
  const conditions = status.conditions ?? [];
  const degraded = findCondition(conditions, "Degraded");
  const own =
    `the CRD of NodeNetworkProfile in this cluster is older than this node's agent and lacks ${lacking.join(", ")}: apply ` +
    "mqtap's CRDs; within ten minutes the agent reports these too";
  const condition = {
    type: "Degraded",
    status: "True",
    reason: degraded?.status === "True" ? degraded.reason : "CrdsOutdated",
    message: degraded?.status === "True" ? `${degraded.message}; ${own}` : own,
    observedGeneration: degraded?.observedGeneration,
  } as const;
  const kept = Object.entries({ ...status, conditions: [...setCondition(conditions, condition, now)] });
  return Object.fromEntries(kept.filter(([name]) => !names.has(name)));
}
