// ADD with a configuration of 7 MB, most of what the host reads (8 MiB): what the worst tenant can make one call cost.
import { withNamespace } from "./namespaces.ts";
import type { Cost, Plugin, Run } from "./plugin.ts";
import { type Figure, percentile } from "./statistics.ts";

const config = { cniVersion: "1.1.0", name: "bench", type: "tap", ignored: "\t".repeat(3_500_000) };

export function benchLargestConfig(run: Run, mqtap: Plugin, reference: Plugin): readonly Figure[] {
  const calls = withNamespace((netns) =>
    [mqtap, reference].map((plugin) =>
      Array.from({ length: 10 }, () => {
        const cost = run({ plugin, verb: "ADD", netns, config });
        run({ plugin, verb: "DEL", netns });
        return cost;
      }),
    ),
  );
  return [
    figure("ADD with 7 MB of configuration, RSS, MB", calls, (cost) => cost.maxRssKb / 1024),
    figure("ADD with 7 MB of configuration, wall p50, ms", calls, (cost) => cost.wallUs / 1000),
  ];
}

function figure(what: string, [ours = [], theirs = []]: readonly Cost[][], of: (cost: Cost) => number): Figure {
  const [mqtap, peer] = [percentile(ours.map(of), 50), percentile(theirs.map(of), 50)];
  return {
    what,
    mqtap: mqtap.toFixed(1),
    peer: peer.toFixed(1),
    ratio: (mqtap / peer).toFixed(2),
    wanted: "",
    isMet: undefined,
  };
}
