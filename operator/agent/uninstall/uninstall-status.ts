// The profile's status while the agent takes mqtap off its node. Pure.

import type { NodeNetworkProfileStatus } from "../../../crds/node-network-profile.ts";
import { type NewCondition, setConditions } from "../../kube/conditions.ts";
import { byWeight, isReference } from "../reasons.ts";
import type { UninstallReport } from "./uninstaller.ts";

export interface UninstallSituation {
  readonly generation: number;
  readonly report: UninstallReport;
  readonly bootId: string;
  readonly previous: NodeNetworkProfileStatus;
  readonly now: Date;
}

export function uninstallStatus({
  generation,
  report,
  bootId,
  previous,
  now,
}: UninstallSituation): NodeNetworkProfileStatus {
  const conditions = [applied, pluginInstalled(report), degraded(report), uninstalled(report)];
  return {
    observedGeneration: generation,
    bootID: bootId,
    conditions: [
      ...setConditions(
        previous.conditions ?? [],
        conditions.map((condition) => ({ ...condition, observedGeneration: generation })),
        now,
      ),
    ],
  };
}

const applied: NewCondition = {
  type: "Applied",
  status: "False",
  reason: "UninstallMode",
  message:
    "this node's agent takes mqtap off the node and heeds no profile: apply deploy/overlays/default again to go back, or delete " +
    "mqtap once Uninstalled is True",
};

function pluginInstalled({ hasPlugin, obstacles }: UninstallReport): NewCondition {
  const type = "PluginInstalled";
  if (!hasPlugin) return { type, status: "False", reason: "Uninstalled", message: "the plugin is not on this node" };
  return { type, status: "True", reason: "StillNeeded", message: textOf(obstacles) };
}

/** Being needed is no fault. */
function degraded({ obstacles }: UninstallReport): NewCondition {
  const faults = byWeight(obstacles.filter((obstacle) => !isReference(obstacle)));
  const [first] = faults;
  const type = "Degraded";
  if (first === undefined) return { type, status: "False", reason: "AsExpected", message: "nothing is wrong" };
  return { type, status: "True", reason: first.reason, message: textOf(faults) };
}

function uninstalled({ obstacles, left }: UninstallReport): NewCondition {
  const [first] = byWeight(obstacles);
  const type = "Uninstalled";
  if (first !== undefined) return { type, status: "False", reason: first.reason, message: textOf(obstacles) };
  const rest = left.length === 0 ? "" : `; left as they are: ${left.join(", ")}`;
  return {
    type,
    status: "True",
    reason: "Uninstalled",
    message: `values are restored, plugin and policy are gone${rest}`,
  };
}

function textOf(obstacles: UninstallReport["obstacles"]): string {
  return byWeight(obstacles)
    .map(({ message }) => message)
    .join("; ");
}
