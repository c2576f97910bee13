// The merge of everything that configs ask of one node, per key: the highest priority wins; at equal priority the
// lowest number, the strictest enforcement, and for a sysctl the config with the smaller name. Where configs of that
// priority ask for different values, this is a conflict, and each of them gets to know.
import { enforcements } from "../../crds/tuntap.ts";
import { compareText } from "./compare-text.ts";
import type { Contribution, Value, Wish } from "./contribution.ts";

/** What became of one key: who won, who was outranked, and whether equals disagreed. */
export interface Decision {
  readonly key: string;
  readonly winner: Ask;
  /** Names of all configs that ask for the winner's value, itself among them: their wish is fulfilled. */
  readonly agreeing: readonly string[];
  /** All configs of the winner's priority, by name, when they ask for more than one value; else empty. */
  readonly conflict: readonly Ask[];
  /** Configs of lower priority that asked for another value. */
  readonly outranked: readonly Ask[];
}

/** One config's wish for one key. */
export interface Ask extends Wish {
  readonly config: string;
  readonly priority: number;
  readonly generation: number;
}

/** Decides every key that is asked for; sorted by key, whatever the order of the contributions. */
export function merge(contributions: readonly Contribution[]): readonly Decision[] {
  const asks = new Map<string, Ask[]>();
  for (const { config, priority, generation, wishes } of contributions) {
    for (const [key, wish] of wishes) {
      const list = asks.get(key) ?? [];
      list.push({ ...wish, config, priority, generation });
      asks.set(key, list);
    }
  }
  return [...asks].map(([key, list]) => decide(key, list)).toSorted((a, b) => compareText(a.key, b.key));
}

function decide(key: string, asks: readonly Ask[]): Decision {
  const [first, ...rest] = asks.toSorted(
    (a, b) => b.priority - a.priority || compareValues(key, a.value, b.value) || compareText(a.config, b.config),
  );
  if (first === undefined) {
    throw new RangeError(`cannot decide "${key}": no config asks for it`);
  }
  const equals = [first, ...rest.filter(({ priority }) => priority === first.priority)];
  return {
    key,
    winner: first,
    agreeing: asks
      .filter(({ value }) => value === first.value)
      .map(({ config }) => config)
      .toSorted(compareText),
    conflict: equals.some(({ value }) => value !== first.value) ? equals.toSorted(byConfig) : [],
    outranked: rest
      .filter(({ priority, value }) => priority < first.priority && value !== first.value)
      .toSorted(byConfig),
  };
}

/** Negative when `a` is the one that wins; 0 where the values do not decide. */
function compareValues(key: string, a: Value, b: Value): number {
  if (key === "tuntap.enforcement") {
    return strictness(b) - strictness(a);
  }
  return typeof a === "number" && typeof b === "number" ? a - b : 0;
}

function strictness(value: Value): number {
  const words: readonly Value[] = enforcements;
  return words.indexOf(value);
}

function byConfig(a: Ask, b: Ask): number {
  return compareText(a.config, b.config);
}
