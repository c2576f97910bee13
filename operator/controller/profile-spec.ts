// From decisions to the spec of a profile: fully resolved, in a fixed order, with a hash of the values and, for every
// value, the config it came from.
import { createHash } from "node:crypto";
import type { NodeNetworkProfileSpec } from "../../crds/node-network-profile.ts";
import { defaultEnforcement, enforcements } from "../../crds/tuntap.ts";
import { compareText } from "./compare-text.ts";
import { isTuntapKey } from "./contribution.ts";
import type { Ask, Decision } from "./merge.ts";

type Tuntap = NonNullable<NodeNetworkProfileSpec["tuntap"]>;
type Source = NodeNetworkProfileSpec["sources"][number];

/** Renders the spec; without decisions it is the empty one, which limits nothing. */
export function renderProfileSpec(decisions: readonly Decision[]): NodeNetworkProfileSpec {
  const tuntap = renderTuntap(decisions);
  const sysctls = decisions
    .filter(({ key }) => !isTuntapKey(key))
    .map(({ key, winner }) => ({ name: key, value: String(winner.value), onRemoval: winner.onRemoval }));
  return {
    ...(tuntap === undefined ? {} : { tuntap }),
    sysctls,
    sources: renderSources(decisions),
    hash: hashOf([tuntap, sysctls]),
  };
}

/** True when both ask the same of a node and name the same configs for it. The generations of the sources do not
 * count: an edit that changes no value of a node is no reason to write to it. */
export function isSameProfileSpec(a: NodeNetworkProfileSpec, b: NodeNetworkProfileSpec): boolean {
  return (
    a.hash === b.hash &&
    fingerprint([a.tuntap, a.sysctls, origins(a.sources)]) === fingerprint([b.tuntap, b.sysctls, origins(b.sources)])
  );
}

/** tuntap.onRemoval is the one of who won maxQueues, else of the smallest-named config that won a tuntap key. */
function tuntapOwner(decisions: readonly Decision[]): Ask | undefined {
  const won = decisions.filter(({ key }) => isTuntapKey(key));
  const maxQueues = won.find(({ key }) => key === "tuntap.maxQueues");
  return maxQueues?.winner ?? won.map(({ winner }) => winner).toSorted((a, b) => compareText(a.config, b.config))[0];
}

function renderTuntap(decisions: readonly Decision[]): Tuntap | undefined {
  const owner = tuntapOwner(decisions);
  if (owner === undefined) {
    return undefined;
  }
  const wonValue = (key: string) => decisions.find((decision) => decision.key === key)?.winner.value;
  const maxQueues = wonValue("tuntap.maxQueues");
  const maxQueuesPerVM = wonValue("tuntap.maxQueuesPerVM");
  const enforcement = wonValue("tuntap.enforcement");
  return {
    ...(typeof maxQueues === "number" ? { maxQueues } : {}),
    ...(typeof maxQueuesPerVM === "number" ? { maxQueuesPerVM } : {}),
    enforcement: enforcements.find((known) => known === enforcement) ?? defaultEnforcement,
    onRemoval: owner.onRemoval,
  };
}

function renderSources(decisions: readonly Decision[]): readonly Source[] {
  const sources = new Map<string, { config: string; keys: string[]; generation: number }>();
  for (const { key, winner } of decisions) {
    const { config, generation } = winner;
    const source = sources.get(config) ?? { config, keys: [], generation };
    source.keys.push(key);
    sources.set(config, source);
  }
  return [...sources.values()].toSorted((a, b) => compareText(a.config, b.config));
}

function origins(sources: readonly Source[]): readonly unknown[] {
  return sources
    .map(({ config, keys }) => [config, keys.toSorted(compareText)] as const)
    .toSorted(([a], [b]) => compareText(a, b));
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(fingerprint(value)).digest("hex").slice(0, 16);
}

/** JSON with sorted keys: equal values give equal texts, however the API server ordered their fields. */
function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => compareText(a, b)))
      : inner,
  );
}
