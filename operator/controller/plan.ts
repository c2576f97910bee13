// What every node shall have, and how far that is from what stands: configs, nodes and profiles in, writes out.
// A node that is gone is left to the garbage collector (its profile is owned by it); nothing here ever deletes.
import type { NodeNetworkConfig } from "../../crds/node-network-config.ts";
import type { NodeNetworkProfile, NodeNetworkProfileSpec } from "../../crds/node-network-profile.ts";
import { maxTapQueues } from "../../crds/tuntap.ts";
import { compareText } from "./compare-text.ts";
import { type Contribution, contributionOf, heldContribution } from "./contribution.ts";
import { isSelected } from "./match.ts";
import { type Decision, merge } from "./merge.ts";
import { maxQueuesLabel, type ObservedNode } from "./node.ts";
import { renderProfileSpec } from "./profile-spec.ts";

/** Priorities end at 1000: what is held because its config cannot be read gives way to no other. */
const aboveAll = 1001;

/** Everything that is decided from; the maps are keyed by name. */
export interface World {
  readonly configs: ReadonlyMap<string, NodeNetworkConfig>;
  readonly nodes: ReadonlyMap<string, ObservedNode>;
  readonly profiles: ReadonlyMap<string, NodeNetworkProfile>;
  /** Configs that profiles still name and that are not among `configs`, though nobody has said that they are gone:
   * their values stay as they were rendered. */
  readonly held: ReadonlySet<string>;
}

/** What one node shall have, and why. */
export interface NodePlan {
  readonly node: ObservedNode;
  readonly spec: NodeNetworkProfileSpec;
  readonly decisions: readonly Decision[];
  /** The configs that select this node, whether they won anything or not. */
  readonly selectedBy: ReadonlySet<string>;
}

/** A node whose label does not say what is in force. */
export interface LabelWrite {
  readonly node: string;
  readonly uid: string;
  readonly value: string;
}

/** One plan for each Linux node, by name, in the order of names. */
export function planNodes(world: World): ReadonlyMap<string, NodePlan> {
  const configs = [...world.configs.values()];
  const linux = [...world.nodes.values()].filter(({ isLinux }) => isLinux);
  return new Map(
    linux
      .toSorted((a, b) => compareText(a.name, b.name))
      .map((node) => [node.name, planNode(node, { ...world, list: configs })]),
  );
}

/** The labels to write, so that each Linux node says what is in force on it. */
export function planLabels(world: Pick<World, "nodes" | "profiles">): readonly LabelWrite[] {
  return [...world.nodes.values()]
    .filter(({ isLinux }) => isLinux)
    .map((node) => ({
      node: node.name,
      uid: node.uid,
      value: String(queuesInForce(world.profiles.get(node.name))),
    }))
    .filter(({ node, value }) => world.nodes.get(node)?.labels[maxQueuesLabel] !== value)
    .toSorted((a, b) => compareText(a.node, b.node));
}

/** The queues one tap can have on this node now, as its agent reports: 256 where nothing limits or nobody reports. */
export function queuesInForce(profile: NodeNetworkProfile | undefined): number {
  const tuntap = profile?.status.tuntap;
  return Math.min(tuntap?.maxQueues ?? maxTapQueues, tuntap?.kernelLimit ?? maxTapQueues, maxTapQueues);
}

function planNode(
  node: ObservedNode,
  { list, profiles, held }: World & { readonly list: readonly NodeNetworkConfig[] },
): NodePlan {
  const rendered = profiles.get(node.name)?.spec;
  const selecting = list.filter(({ spec }) => isSelected(spec.nodeSelector, node));
  const contributions: Contribution[] = [
    ...selecting.filter(({ spec }) => !spec.paused).map(contributionOf),
    // a paused config keeps what it has given, also to nodes that it no longer selects
    ...list
      .filter(({ spec }) => spec.paused)
      .map(({ metadata, spec }) => heldContribution({ name: metadata.name, ...spec }, rendered)),
    ...[...held].map((name) => heldContribution({ name, priority: aboveAll, onRemoval: "Retain" }, rendered)),
  ];
  const decisions = merge(contributions);
  return {
    node,
    decisions,
    spec: renderProfileSpec(decisions),
    selectedBy: new Set(selecting.map(({ metadata }) => metadata.name)),
  };
}
