// One row of the table from what both plugins cost, call by call.
import type { Cost } from "./plugin.ts";
import { type Figure, percentile } from "./statistics.ts";

/** The medians of `of` and their ratio, which may be at most `goal.most`. */
export function compareMedians(
  what: string,
  [ours, theirs]: readonly [readonly Cost[], readonly Cost[]],
  of: (cost: Cost) => number,
  goal?: { readonly wanted: string; readonly most: number },
): Figure {
  const mqtap = percentile(ours.map(of), 50);
  const peer = percentile(theirs.map(of), 50);
  const isMet = goal === undefined ? undefined : mqtap / peer <= goal.most;
  return {
    what,
    mqtap: `${mqtap}`,
    peer: `${peer}`,
    ratio: (mqtap / peer).toFixed(2),
    wanted: goal?.wanted ?? "",
    isMet,
  };
}
