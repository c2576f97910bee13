// Where one node stands with one config: a chain of small judgements, the first that applies decides. The agent's
// report counts only when it is about the profile's present generation; what is older says nothing.
import type { LimitBackend, NodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { findCondition } from "../kube/conditions.ts";
import { isTuntapKey } from "./contribution.ts";
import type { NodePlan } from "./plan.ts";
import type { Reason } from "./reasons.ts";
import { isOutdated } from "./rollout.ts";

/** The four that make up `matched`. */
export type Standing =
  | { readonly kind: "ready" }
  | { readonly kind: "progressing" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "failed"; readonly reason: string; readonly message: string };

/** A value someone else keeps changing. */
export interface Override {
  readonly key: string;
  readonly desired: string;
  readonly observed: string;
}

/** What status.ts counts. */
export interface NodeReport {
  readonly node: string;
  readonly standing: Standing;
  /** Keys of this config that the node's kernel lacks. */
  readonly unsupported: readonly string[];
  readonly overridden: readonly Override[];
  /** What the agent calls degraded although everything is applied. */
  readonly impairment: { readonly reason: string; readonly message: string } | undefined;
  /** What holds the limit, where this config sets a tuntap key in force there. */
  readonly backend: LimitBackend | undefined;
}

/** What the objects do not say. */
export interface Circumstances {
  /** The node has not been ready for longer than the grace period. */
  readonly isUnreachable: boolean;
  /** For how long the profile has been in flight as it is. */
  readonly inFlightMs: number;
  /** Why the API server refuses the profile, if it does. */
  readonly rejection: string | undefined;
}

/** Judges one node for one config, by name. */
export function judgeNode(options: {
  readonly config: string;
  readonly isWaiting: boolean;
  readonly progressDeadlineMs: number;
  readonly plan: NodePlan;
  readonly profile: NodeNetworkProfile | undefined;
  readonly circumstances: Circumstances;
}): NodeReport {
  const { config, plan, profile } = options;
  const keys = plan.decisions.filter(({ agreeing }) => agreeing.includes(config)).map(({ key }) => key);
  const settled = isInFlight(plan, profile) ? undefined : profile;
  const sysctls = (settled?.status.sysctls ?? []).filter(({ name }) => keys.includes(name));
  return {
    node: plan.node.name,
    standing: standingOf({ ...options, keys, settled }),
    unsupported: sysctls.filter(({ state }) => state === "Unsupported").map(({ name }) => name),
    overridden: [
      ...sysctls
        .filter(({ state }) => state === "Overridden")
        .map(({ name, desired = "", observed = "" }) => ({ key: name, desired, observed })),
      ...(settled !== undefined && keys.includes("tuntap.maxQueues") ? kernelOverride(settled) : []),
    ],
    impairment: settled && impairmentOf(settled),
    backend: keys.some(isTuntapKey) ? settled?.status.tuntap?.enforcedBy : undefined,
  };
}

/** True until the node's agent has reported on exactly the spec that is wanted. */
export function isInFlight(plan: NodePlan, profile: NodeNetworkProfile | undefined): boolean {
  return (
    profile === undefined ||
    isOutdated(plan, profile) ||
    profile.status.observedGeneration !== profile.metadata.generation ||
    findCondition(profile.status.conditions ?? [], "Applied") === undefined
  );
}

/** The agent has given up the kernel's sysctl to whoever keeps changing it; it calls the limit advisory then. */
function kernelOverride({ spec, status }: NodeNetworkProfile): readonly Override[] {
  const wanted = spec.tuntap?.maxQueues;
  const { original, kernelLimit } = status.tuntap ?? {};
  const isGivenUp = findCondition(status.conditions ?? [], "Applied")?.reason === "Overridden" && original !== null;
  if (!isGivenUp || wanted === undefined || kernelLimit === undefined || kernelLimit === wanted) {
    return [];
  }
  return [{ key: "tuntap.maxQueues", desired: String(wanted), observed: String(kernelLimit) }];
}

function impairmentOf({ status }: NodeNetworkProfile): NodeReport["impairment"] {
  const conditions = status.conditions ?? [];
  const degraded = findCondition(conditions, "Degraded");
  if (degraded?.status !== "True" || findCondition(conditions, "Applied")?.status !== "True") {
    return undefined;
  }
  return { reason: degraded.reason, message: degraded.message };
}

type Judged = Parameters<typeof judgeNode>[0] & {
  readonly keys: readonly string[];
  readonly settled: NodeNetworkProfile | undefined;
};

function standingOf(judged: Judged): Standing {
  const { isUnreachable, rejection } = judged.circumstances;
  if (rejection !== undefined) {
    return failed("ProfileRejected", rejection);
  }
  if (isUnreachable) {
    return { kind: "unreachable" };
  }
  return stillUnderWay(judged) ?? (judged.settled && failureOf(judged.settled, judged)) ?? { kind: "ready" };
}

function stillUnderWay({ isWaiting, settled, circumstances, progressDeadlineMs, plan }: Judged): Standing | undefined {
  if (isWaiting) {
    return { kind: "progressing" };
  }
  if (settled !== undefined) {
    return undefined;
  }
  if (circumstances.inFlightMs < progressDeadlineMs) {
    return { kind: "progressing" };
  }
  return failed(
    "ProgressDeadlineExceeded",
    `the agent has not answered for ${Math.round(progressDeadlineMs / 1000)} s: look at its pod with ` +
      `kubectl -n mqtap-system get pods -o wide --field-selector spec.nodeName=${plan.node.name}`,
  );
}

function failureOf({ spec, status }: NodeNetworkProfile, { keys, plan }: Judged): Standing | undefined {
  const applied = findCondition(status.conditions ?? [], "Applied");
  const failedSysctls = (status.sysctls ?? []).filter(({ state }) => state === "Failed").map(({ name }) => name);
  const own = failedSysctls.filter((name) => keys.includes(name));
  const setsTuntap = keys.some(isTuntapKey);
  // a node that fails only in what other configs ask of it has not failed for this one
  const failsForOthers = failedSysctls.length > 0 && own.length === 0 && !setsTuntap;
  if (applied !== undefined && applied.status !== "True" && keys.length > 0 && !failsForOthers) {
    return failed(applied.reason, applied.message);
  }
  if (own.length > 0) {
    return failed("SysctlFailed", `the agent could not set ${own.join(", ")}`);
  }
  if (setsTuntap && spec.tuntap?.enforcement === "Required" && status.tuntap?.enforcedBy === "Advisory") {
    return failed(
      "EnforcementUnavailable",
      `enforcement is Required, but neither a kernel sysctl nor a BPF guard can hold the limit on ${plan.node.name}: ` +
        "use BestEffort, or select nodes that can",
    );
  }
  return undefined;
}

function failed(reason: string | Reason, message: string): Standing {
  return { kind: "failed", reason, message };
}
