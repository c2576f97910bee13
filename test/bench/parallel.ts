// Many pods at once: as many ADDs at the same time, each into a namespace of its own; what all of them cost together.
import { compareMedians } from "./compare-medians.ts";
import { withNamespaces } from "./namespaces.ts";
import type { Cost, Plugin, Run } from "./plugin.ts";
import type { Figure } from "./statistics.ts";

export interface ParallelBench {
  readonly mqtap: Plugin;
  readonly reference: Plugin;
  readonly run: Run;
  readonly count: number;
  readonly rounds: number;
}

export function benchParallel({ mqtap, reference, run, count, rounds }: ParallelBench): readonly Figure[] {
  const batches: [Cost[], Cost[]] = [[], []];
  withNamespaces(count, ([first = ""]) => {
    // spawn.c appends the number that the paths end in.
    const netns = first.replace(/0$/, "");
    for (let round = 0; round < rounds; round++) {
      for (const [i, plugin] of [mqtap, reference].entries()) {
        batches[i]?.push(run({ plugin, verb: "ADD", netns, count }));
        run({ plugin, verb: "DEL", netns, count });
      }
    }
  });
  return [
    compareMedians(`${count} parallel ADDs, total CPU p50, us`, batches, (cost) => cost.cpuUs, {
      wanted: "<= 0.50 x",
      most: 0.5,
    }),
    compareMedians(`${count} parallel ADDs, until the last one ended, p50, us`, batches, (cost) => cost.wallUs),
  ];
}
