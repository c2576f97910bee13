// Events on a config: only when a condition turns, so that a config in a steady state is silent.
import type { NodeNetworkConfig, NodeNetworkConfigStatus } from "../../crds/node-network-config.ts";
import type { Condition } from "../kube/conditions.ts";
import type { NewEvent } from "../kube/events.ts";
import { describeKernelSysctl } from "./config-conditions.ts";
import type { Reason } from "./reasons.ts";

type Turn = Pick<NewEvent, "type" | "reason" | "note">;

/** The usual state of these says nothing to a person who has not seen another one before. */
const quiet = ["AsExpected", "NoConflict", "NotPaused", "Complete"] satisfies Reason[];
const warnings = [
  "NoNodeSelected",
  "UnsupportedEverywhere",
  "NodesFailed",
  "NodesDegraded",
  "ValuesOverridden",
  "ConflictingValues",
];

/** What to tell about the step from one status to the next. */
export function configEvents(
  config: NodeNetworkConfig,
  before: NodeNetworkConfigStatus,
  after: NodeNetworkConfigStatus,
): readonly NewEvent[] {
  const turns = [...conditionTurns(before, after), ...kernelSysctlTurn(before, after)];
  const byReason = new Map(turns.map((turn) => [turn.reason, turn]));
  return [...byReason.values()].map((turn) => ({
    ...turn,
    action: "Rollout",
    regarding: {
      apiVersion: config.apiVersion,
      kind: config.kind,
      name: config.metadata.name,
      uid: config.metadata.uid,
    },
  }));
}

function conditionTurns(before: NodeNetworkConfigStatus, after: NodeNetworkConfigStatus): readonly Turn[] {
  return (after.conditions ?? []).flatMap((condition): Turn[] => {
    const old = before.conditions?.find(({ type }) => type === condition.type);
    if (isSameTurn(old, condition) || isUnremarkable(old, condition)) {
      return [];
    }
    const { reason, message } = condition;
    return [{ type: warnings.includes(reason) ? "Warning" : "Normal", reason, note: message }];
  });
}

/** A sysctl that mqtap has just begun to set on a node can stop VMs that are none of its own. */
function kernelSysctlTurn(before: NodeNetworkConfigStatus, after: NodeNetworkConfigStatus): readonly Turn[] {
  const sysctl = after.nodes?.enforcedBy?.sysctl ?? 0;
  const note = describeKernelSysctl({ backends: { sysctl, bpf: 0, advisory: 0 } });
  if (note === undefined || (before.nodes?.enforcedBy?.sysctl ?? 0) > 0) {
    return [];
  }
  const reason: Reason = "KernelSysctlBindsAllTaps";
  return [{ type: "Warning", reason, note }];
}

function isSameTurn(old: Condition | undefined, next: Condition): boolean {
  return old !== undefined && old.status === next.status && old.reason === next.reason;
}

function isUnremarkable(old: Condition | undefined, { type, reason }: Condition): boolean {
  const isQuiet = quiet.some((known) => known === reason);
  return isQuiet && (old === undefined || type === "Progressing");
}
