// The status of this node's profile, from what was found and done. Pure; equal findings give an equal status, so that
// nothing is written when nothing is new. Counts of taps are not in it: it does not change when VMs come and go.

import type { NodeNetworkProfileSpec, NodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import { type NewCondition, setConditions } from "../kube/conditions.ts";
import type { ApplyReport } from "./apply-spec.ts";
import type { PluginCondition } from "./install/plugin-condition.ts";
import { kernelLimitOf } from "./limits.ts";
import { byWeight, isFailure, type Problem } from "./reasons.ts";
import { nodeLimit } from "./sizing/caps.ts";
import { kernelMaxQueues } from "./sizing/kubevirt-queues.ts";

export interface StatusSituation {
  readonly generation: number;
  /** What was applied: the profile's spec, or an earlier one where that cannot be read. */
  readonly spec: NodeNetworkProfileSpec | undefined;
  readonly report: ApplyReport | undefined;
  /** Of the node beside what `report` holds. */
  readonly problems: readonly Problem[];
  /** VMs that run with more queues than wished; null: they cannot be counted, undefined: they have not been yet. */
  readonly overLimit?: number | null | undefined;
  /** undefined: not looked at yet, so what was reported stays. */
  readonly plugin?: PluginCondition | undefined;
  readonly bootId: string;
  readonly previous: NodeNetworkProfileStatus;
  readonly now: Date;
}

export function profileStatus(situation: StatusSituation): NodeNetworkProfileStatus {
  const { generation, spec, report, previous, now } = situation;
  const problems = byWeight([...(report?.problems ?? []), ...situation.problems]);
  const isApplied = spec !== undefined && !problems.some(isFailure);
  const overLimit = situation.overLimit === undefined ? earlierOverLimit(situation) : situation.overLimit;
  const appliedHash = isApplied ? spec.hash : previous.appliedHash;
  return {
    observedGeneration: generation,
    ...(appliedHash === undefined ? {} : { appliedHash }),
    bootID: situation.bootId,
    tuntap: tuntapStatus(situation),
    sysctls: (report?.sysctls ?? []).flatMap(({ name, desired, observed, original, state }) =>
      state === undefined
        ? []
        : [
            {
              name,
              ...(desired === undefined ? {} : { desired }),
              ...(observed === undefined ? {} : { observed: observed.slice(0, 64) }),
              original: original?.slice(0, 64) ?? null,
              state,
            },
          ],
    ),
    ...(typeof overLimit === "number" ? { overLimit } : {}),
    conditions: [
      ...setConditions(
        // Of an uninstallation that this agent has ended by being here.
        (previous.conditions ?? []).filter(({ type }) => type !== "Uninstalled"),
        [
          appliedCondition(situation, problems),
          ...pluginInstalledCondition(situation),
          degradedCondition(generation, problems),
        ],
        now,
      ),
    ],
  };
}

function pluginInstalledCondition({ generation, plugin }: StatusSituation): readonly NewCondition[] {
  return plugin === undefined ? [] : [{ type: "PluginInstalled", observedGeneration: generation, ...plugin }];
}

/** An agent that has just started has not counted yet; after a reboot nothing runs that was counted before. */
function earlierOverLimit({ bootId, previous }: StatusSituation): number | undefined {
  return previous.bootID === bootId ? previous.overLimit : undefined;
}

function tuntapStatus({ spec, report }: StatusSituation): NonNullable<NodeNetworkProfileStatus["tuntap"]> {
  const kernelLimit = kernelLimitOf(report?.observed);
  const inForce = nodeLimit({ maxQueues: spec?.tuntap?.maxQueues, kernelLimit });
  const original = report?.original ?? null;
  return {
    maxQueues: Math.max(1, inForce),
    ...(report?.enforcedBy === undefined ? {} : { enforcedBy: report.enforcedBy }),
    kernelLimit: kernelLimit ?? kernelMaxQueues,
    original: original !== null && /^\d{1,9}$/.test(original) ? Number(original) : null,
  };
}

function appliedCondition({ generation, spec, report }: StatusSituation, problems: readonly Problem[]): NewCondition {
  const failures = problems.filter(isFailure);
  const [first] = failures;
  const common = { type: "Applied", observedGeneration: generation } as const;
  if (first !== undefined) return { ...common, status: "False", reason: first.reason, message: textOf(failures) };
  if (spec === undefined || (spec.tuntap === undefined && spec.sysctls.length === 0)) {
    const message = "no NodeNetworkConfig asks for anything on this node";
    return { ...common, status: "True", reason: "NothingToApply", message };
  }
  const overridden = problems.filter(({ reason }) => reason === "Overridden");
  if (overridden.length > 0) return { ...common, status: "True", reason: "Overridden", message: textOf(overridden) };
  return { ...common, status: "True", reason: "Applied", message: appliedText(spec, report) };
}

function appliedText(spec: NodeNetworkProfileSpec, report: ApplyReport | undefined): string {
  const maxQueues = spec.tuntap?.maxQueues;
  const texts: string[] = [];
  if (maxQueues !== undefined && report?.enforcedBy === "Advisory") {
    texts.push(`${maxQueues} queues are advisory: plugin and hook obey the limit, and nothing refuses more`);
  } else if (maxQueues !== undefined) {
    texts.push(`the kernel refuses more than ${maxQueues} queues, to every tap on this node`);
  }
  if (spec.tuntap?.maxQueuesPerVM !== undefined) {
    texts.push(`a VM gets ${spec.tuntap.maxQueuesPerVM} queues over its multiqueue NICs`);
  }
  const missing = (report?.sysctls ?? []).filter(({ state }) => state === "Unsupported").map(({ name }) => name);
  const set = (report?.sysctls ?? []).length - missing.length;
  if (set > 0) texts.push(set === 1 ? "1 sysctl is set" : `${set} sysctls are set`);
  if (missing.length > 0) texts.push(`this kernel has no ${missing.join(", ")}, which is normal`);
  return texts.join("; ");
}

function degradedCondition(generation: number, problems: readonly Problem[]): NewCondition {
  const [first] = problems;
  const common = { type: "Degraded", observedGeneration: generation } as const;
  if (first === undefined) return { ...common, status: "False", reason: "AsExpected", message: "nothing is wrong" };
  return { ...common, status: "True", reason: first.reason, message: textOf(problems) };
}

function textOf(problems: readonly Problem[]): string {
  return [...new Set(problems.map(({ message }) => message))].join("; ");
}
