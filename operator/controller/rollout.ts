// Who gets a new spec now: the leader admits nodes by writing their profile. Today all at once; a canary and a window
// narrow `admit` and fill `waiting` and `againAfterMs` without another shape, since what is in flight is computed from
// the objects each time. A newer wish supersedes an older one that is still in flight: it is simply what is wanted.
import type { NodeNetworkProfile, NodeNetworkProfileSpec } from "../../crds/node-network-profile.ts";
import { compareText } from "./compare-text.ts";
import type { NodePlan } from "./plan.ts";
import { isSameProfileSpec } from "./profile-spec.ts";

/** A profile to write. */
export interface Admission {
  readonly node: string;
  readonly uid: string;
  readonly spec: NodeNetworkProfileSpec;
}

/** Who is written to now, who waits, and when to look again. */
export interface RolloutPlan {
  /** Nodes that can answer come first: one that is down delays nobody. */
  readonly admit: readonly Admission[];
  /** Nodes whose profile differs and that are not admitted yet. */
  readonly waiting: readonly string[];
  readonly againAfterMs: number | undefined;
}

/** Compares what is wanted with what stands. */
export function planRollout(options: {
  readonly wanted: ReadonlyMap<string, NodePlan>;
  readonly current: ReadonlyMap<string, NodeNetworkProfile>;
}): RolloutPlan {
  const { wanted, current } = options;
  const admit = [...wanted.values()]
    .filter((plan) => isOutdated(plan, current.get(plan.node.name)))
    .toSorted((a, b) => Number(b.node.isReady) - Number(a.node.isReady) || compareText(a.node.name, b.node.name))
    .map(({ node, spec }) => ({ node: node.name, uid: node.uid, spec }));
  return { admit, waiting: [], againAfterMs: undefined };
}

/** True when the profile is missing, asks for something else, or belongs to an earlier node of the same name. */
export function isOutdated({ node, spec }: NodePlan, profile: NodeNetworkProfile | undefined): boolean {
  return profile === undefined || !isOwnedBy(profile, node.uid) || !isSameProfileSpec(profile.spec, spec);
}

function isOwnedBy(profile: NodeNetworkProfile, uid: string): boolean {
  return (profile.metadata.ownerReferences ?? []).some((owner) => owner.kind === "Node" && owner.uid === uid);
}
