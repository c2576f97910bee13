// What one config asks of one node, key by key: the input of the merge. A config in force asks what its spec says;
// one that is held (paused, or not to be read just now) asks for exactly what was rendered from it before.
import type { NodeNetworkConfig } from "../../crds/node-network-config.ts";
import type { NodeNetworkProfileSpec } from "../../crds/node-network-profile.ts";
import type { OnRemoval } from "../../crds/tuntap.ts";
import { compareText } from "./compare-text.ts";

/** Keys of the tuntap part; every other key is a sysctl's name. */
export const tuntapKeys = ["tuntap.maxQueues", "tuntap.maxQueuesPerVM", "tuntap.enforcement"] as const;

/** A key of the tuntap part. */
export type TuntapKey = (typeof tuntapKeys)[number];

/** The value of a key: a number of queues, an enforcement, or a sysctl's text. */
export type Value = number | string;

/** What a config asks for one key. */
export interface Wish {
  readonly value: Value;
  readonly onRemoval: OnRemoval;
}

/** Everything a config asks of a node. */
export interface Contribution {
  readonly config: string;
  readonly priority: number;
  /** Of the config's spec the wishes were read from. */
  readonly generation: number;
  readonly wishes: ReadonlyMap<string, Wish>;
}

/** True for tuntap.maxQueues and its like. */
export function isTuntapKey(key: string): key is TuntapKey {
  return tuntapKeys.some((known) => known === key);
}

/** What the config's spec asks for. */
export function contributionOf(config: NodeNetworkConfig): Contribution {
  const { tuntap, sysctls, onRemoval, priority } = config.spec;
  const values: [string, Value | undefined][] = [
    ["tuntap.maxQueues", tuntap?.maxQueues],
    ["tuntap.maxQueuesPerVM", tuntap?.maxQueuesPerVM],
    ["tuntap.enforcement", tuntap?.enforcement],
    ...(sysctls ?? []).map(({ name, value }): [string, Value] => [name, value]),
  ];
  const wishes = new Map<string, Wish>();
  for (const [key, value] of values) {
    if (value !== undefined) {
      wishes.set(key, { value, onRemoval });
    }
  }
  return { config: config.metadata.name, priority, generation: config.metadata.generation ?? 1, wishes };
}

/** What the node has from a config already; nothing where the profile names it for no key. */
export function heldContribution(
  config: { readonly name: string; readonly priority: number; readonly onRemoval: OnRemoval },
  rendered: NodeNetworkProfileSpec | undefined,
): Contribution {
  const source = rendered?.sources.find((candidate) => candidate.config === config.name);
  const wishes = new Map<string, Wish>();
  for (const key of source?.keys ?? []) {
    const wish = renderedWish(key, rendered, tuntapOwnerIn(rendered) === config.name ? undefined : config.onRemoval);
    if (wish !== undefined) {
      wishes.set(key, wish);
    }
  }
  return { config: config.name, priority: config.priority, generation: source?.generation ?? 1, wishes };
}

function renderedWish(
  key: string,
  rendered: NodeNetworkProfileSpec | undefined,
  ownOnRemoval: OnRemoval | undefined,
): Wish | undefined {
  if (!isTuntapKey(key)) {
    const sysctl = rendered?.sysctls.find(({ name }) => name === key);
    return sysctl && { value: sysctl.value, onRemoval: sysctl.onRemoval };
  }
  const tuntap = rendered?.tuntap;
  const value = {
    "tuntap.maxQueues": tuntap?.maxQueues,
    "tuntap.maxQueuesPerVM": tuntap?.maxQueuesPerVM,
    "tuntap.enforcement": tuntap?.enforcement,
  }[key];
  const onRemoval = ownOnRemoval ?? tuntap?.onRemoval;
  return value === undefined || onRemoval === undefined ? undefined : { value, onRemoval };
}

/** The config that tuntap.onRemoval of a rendered spec came from: by the rule that rendered it. */
function tuntapOwnerIn(rendered: NodeNetworkProfileSpec | undefined): string | undefined {
  const owners = (rendered?.sources ?? []).filter(({ keys }) => keys.some(isTuntapKey));
  const names = owners.map(({ config }) => config).toSorted(compareText);
  return owners.find(({ keys }) => keys.includes("tuntap.maxQueues"))?.config ?? names[0];
}
