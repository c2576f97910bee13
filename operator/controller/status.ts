// The status of one config: where its nodes stand, summed up. Bounded, whatever the number of nodes: counts,
// conditions and at most ten nodes that fail. Computed from the objects each time and kept nowhere.

import { parseDurationMs } from "../../crds/duration.ts";
import type { NodeNetworkConfig, NodeNetworkConfigStatus } from "../../crds/node-network-config.ts";
import type { LimitBackend, NodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { setConditions } from "../kube/conditions.ts";
import { type Findings, judgeConfig } from "./config-conditions.ts";
import { describeConflicts, describeOutranked } from "./conflicts.ts";
import { contributionOf, isTuntapKey } from "./contribution.ts";
import { type Circumstances, judgeNode, type NodeReport } from "./node-standing.ts";
import type { NodePlan } from "./plan.ts";

/** The CRD's bounds for status.failing. */
const mostFailing = 10;
const longestFailure = 1024;

/** Sums up one config; conditions keep their times from the config's present status. */
export function statusOf(options: {
  readonly config: NodeNetworkConfig;
  readonly plans: readonly NodePlan[];
  readonly profiles: ReadonlyMap<string, NodeNetworkProfile>;
  readonly circumstancesOf: (node: string) => Circumstances;
  readonly now: Date;
}): NodeNetworkConfigStatus {
  const { config, plans, profiles, circumstancesOf, now } = options;
  const name = config.metadata.name;
  const selected = plans.filter(({ selectedBy }) => selectedBy.has(name));
  const reports = selected.map((plan) =>
    judgeNode({
      config: name,
      isWaiting: isHeldBack(config, plan),
      progressDeadlineMs: parseDurationMs(config.spec.rollout.progressDeadline) ?? Number.POSITIVE_INFINITY,
      plan,
      profile: profiles.get(plan.node.name),
      circumstances: circumstancesOf(plan.node.name),
    }),
  );
  const findings: Findings = {
    ...countNodes(reports),
    reports,
    enforcement: config.spec.tuntap?.enforcement,
    conflicts: describeConflicts(name, plans),
    outranked: describeOutranked(name, plans),
    isPaused: config.spec.paused,
  };
  const failing = reports.flatMap(failingEntry).slice(0, mostFailing);
  const observedGeneration = config.metadata.generation ?? 0;
  const conditions = judgeConfig(findings).map((condition) => ({ ...condition, observedGeneration }));
  return {
    observedGeneration,
    conditions: setConditions(config.status.conditions ?? [], conditions, now),
    nodes: nodesField(findings, [...contributionOf(config).wishes.keys()].some(isTuntapKey)),
    // absent rather than empty: server-side apply drops a list map with its last entry
    ...(failing.length === 0 ? {} : { failing }),
  };
}

/** True when a pause keeps the config's present wishes from this node. */
function isHeldBack(config: NodeNetworkConfig, { decisions }: NodePlan): boolean {
  if (!config.spec.paused) {
    return false;
  }
  const { config: name, priority, wishes } = contributionOf(config);
  const isStale = decisions.some(
    ({ key, winner }) => winner.config === name && winner.value !== wishes.get(key)?.value,
  );
  return (
    isStale ||
    [...wishes].some(([key, { value }]) => {
      const winner = decisions.find((decision) => decision.key === key)?.winner;
      return winner === undefined || (winner.value !== value && winner.priority < priority);
    })
  );
}

function countNodes(reports: readonly NodeReport[]): Pick<Findings, "counts" | "backends"> {
  const standing = (kind: NodeReport["standing"]["kind"]) => reports.filter((r) => r.standing.kind === kind).length;
  const backend = (wanted: LimitBackend) =>
    reports.filter((r) => r.standing.kind === "ready" && r.backend === wanted).length;
  return {
    counts: {
      matched: reports.length,
      ready: standing("ready"),
      progressing: standing("progressing"),
      failed: standing("failed"),
      unreachable: standing("unreachable"),
      unsupported: reports.filter(({ unsupported }) => unsupported.length > 0).length,
      overridden: reports.filter(({ overridden }) => overridden.length > 0).length,
    },
    backends: { sysctl: backend("Sysctl"), bpf: backend("BPF"), advisory: backend("Advisory") },
  };
}

function nodesField(
  { counts, backends }: Findings,
  setsTuntap: boolean,
): NonNullable<NodeNetworkConfigStatus["nodes"]> {
  return {
    // a config of sysctls alone has nothing that could be enforced
    ...(setsTuntap ? { enforced: `${backends.sysctl + backends.bpf}/${counts.matched}` } : {}),
    progress: `${counts.matched - counts.progressing}/${counts.matched}`,
    ...counts,
    enforcedBy: backends,
  };
}

function failingEntry({ node, standing }: NodeReport): { node: string; reason: string; message: string }[] {
  if (standing.kind !== "failed") {
    return [];
  }
  return [{ node, reason: standing.reason, message: standing.message.slice(0, longestFailure) }];
}
