// Judges a config in a small world: every node has its profile, and its agent has reported so (undefined: not yet).
import assert from "node:assert/strict";
import type { NodeNetworkConfig } from "../../crds/node-network-config.ts";
import type { NodeNetworkProfile } from "../../crds/node-network-profile.ts";
import type { ObservedNode } from "../../operator/controller/node.ts";
import type { Circumstances } from "../../operator/controller/node-standing.ts";
import { planNodes } from "../../operator/controller/plan.ts";
import { statusOf } from "../../operator/controller/status.ts";
import { appliedStatus, condition, config, node, profile, world } from "./objects.ts";

/** When the world is judged. */
const now = new Date("2026-11-22T12:00:00Z");
/** Nothing that the objects do not say. */
export const normal: Circumstances = { isUnreachable: false, inFlightMs: 0, rejection: undefined };
/** A sysctl. */
export const backlog = "net.core.netdev_max_backlog";
/** A config with a limit. */
export const four = config("a", { tuntap: { maxQueues: 4 } }, { generation: 2 });
/** A config with a sysctl. */
export const sysctls = config("a", { sysctls: [{ name: backlog, value: "5000" }] });

type Reports = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** The status of the first config, when each node has its profile and its agent has reported so (undefined: not yet). */
export function judge(
  configs: readonly [NodeNetworkConfig, ...NodeNetworkConfig[]],
  reports: Reports,
  more: {
    readonly nodes?: readonly ObservedNode[];
    readonly circumstances?: Readonly<Record<string, Partial<Circumstances>>>;
    readonly rendered?: readonly NodeNetworkConfig[];
  } = {},
) {
  const nodes = more.nodes ?? Object.keys(reports).map((name) => node(name));
  const profiles = profilesOf(more.rendered ?? configs, nodes, reports);
  const plans = [...planNodes(world({ configs, nodes, profiles })).values()];
  return statusOf({
    config: configs[0],
    plans,
    profiles: world({ profiles }).profiles,
    circumstancesOf: (name) => ({ ...normal, ...more.circumstances?.[name] }),
    now,
  });
}

/** The profiles as rendered from these configs, with what the agents have reported. */
export function profilesOf(
  configs: readonly NodeNetworkConfig[],
  nodes: readonly ObservedNode[],
  reports: Reports,
): readonly NodeNetworkProfile[] {
  return [...planNodes(world({ configs, nodes })).values()].map(({ node: of, spec }) => {
    const status = reports[of.name];
    return profile(of, spec, status === undefined ? {} : { status });
  });
}

/** The condition of that type. */
export const find = (status: ReturnType<typeof judge>, type: string) => {
  const found = status.conditions?.find((candidate) => candidate.type === type);
  assert.ok(found !== undefined, `there is a condition ${type}`);
  return found;
};
/** Its status and reason. */
export const short = (status: ReturnType<typeof judge>, type: string) => {
  const { status: value, reason } = find(status, type);
  return `${value} ${reason}`;
};
/** A report of an agent that could not apply. */
export const failedStatus = (reason: string, message: string, over = {}) =>
  appliedStatus({ conditions: [condition("Applied", "False", reason, message)], ...over });
/** A report of an agent that has applied, and what holds the limit. */
export const backend = (enforcedBy: string, over = {}) =>
  appliedStatus({ tuntap: { maxQueues: 4, enforcedBy, ...over } });
