// The merge as one config sees it, over all nodes: where an equal disagrees, and where a higher priority decides.
import { compareText } from "./compare-text.ts";
import type { Decision } from "./merge.ts";
import { listOf } from "./phrases.ts";
import type { NodePlan } from "./plan.ts";

/** The same disagreement on some nodes: one key, the same configs, the same values. */
interface Disagreement {
  readonly decision: Decision;
  readonly nodes: string[];
}

/** Sentences on every conflict the config takes part in; empty when there is none. */
export function describeConflicts(config: string, plans: readonly NodePlan[]): readonly string[] {
  const found = collect(plans, ({ conflict }) => conflict.some((ask) => ask.config === config));
  return found.map(({ decision: { key, conflict, winner }, nodes }) => {
    const asks = conflict.map((ask) => `${ask.config} asks for ${ask.value}`).join(", ");
    return `${key} on ${listOf(nodes)}: ${asks}; ${winner.value} is in force`;
  });
}

/** Sentences on every key that a config of higher priority decides otherwise. */
export function describeOutranked(config: string, plans: readonly NodePlan[]): readonly string[] {
  const found = collect(plans, ({ outranked }) => outranked.some((ask) => ask.config === config));
  return found.map(
    ({ decision: { key, winner }, nodes }) =>
      `${key} on ${listOf(nodes)} comes from NodeNetworkConfig/${winner.config}, which has priority ${winner.priority}`,
  );
}

function collect(plans: readonly NodePlan[], concerns: (decision: Decision) => boolean): readonly Disagreement[] {
  const found = new Map<string, Disagreement>();
  for (const { node, decisions } of plans) {
    for (const decision of decisions.filter(concerns)) {
      const { key, winner, conflict } = decision;
      const id = JSON.stringify([
        key,
        winner.config,
        winner.value,
        conflict.map(({ config, value }) => [config, value]),
      ]);
      const same = found.get(id) ?? { decision, nodes: [] };
      same.nodes.push(node.name);
      found.set(id, same);
    }
  }
  return [...found].toSorted(([a], [b]) => compareText(a, b)).map(([, disagreement]) => disagreement);
}
