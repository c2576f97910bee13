// What an ADD costs beside taps that are there already: in the pod's own namespace, and elsewhere on the node. Flat is wanted:
// the median at the right end of the curve is at most 1.15 times the one at the left end, which is the noise of one run.

import { fillWithTaps, withNamespaces } from "./namespaces.ts";
import type { Curve, Panel } from "./plot.ts";
import type { Plugin, Run } from "./plugin.ts";
import { type Figure, percentile } from "./statistics.ts";

const flat = 1.15;
const inNamespace = [0, 50, 100, 200, 400];
const onNode = [0, 250, 500, 1000];
/** The taps elsewhere are those of as many pods. */
const otherPods = 25;

export interface AddCostBench {
  readonly mqtap: Plugin;
  readonly reference: Plugin;
  readonly run: Run;
  readonly rounds: number;
}

export interface AddCost {
  readonly panels: readonly Panel[];
  readonly figures: readonly Figure[];
}

export function benchAddCost(bench: AddCostBench): AddCost {
  const panels = [
    { title: "taps on the node, in other namespaces", curves: onNodeCurves(bench) },
    { title: "taps in the namespace", curves: inNamespaceCurves(bench) },
  ].reverse();
  return { panels, figures: panels.map(flatness) };
}

/** One namespace for each count, all there at once, so that a change of the machine's mood meets all counts. */
function inNamespaceCurves(bench: AddCostBench): readonly Curve[] {
  return withNamespaces(inNamespace.length, (paths) => {
    for (const [i, path] of paths.entries()) fillWithTaps(path, { from: 0, to: inNamespace[i] ?? 0 });
    return measure(bench, (sample) => {
      for (let round = 0; round < bench.rounds; round++) {
        for (const [i, path] of paths.entries()) sample(inNamespace[i] ?? 0, path);
      }
    });
  });
}

function onNodeCurves(bench: AddCostBench): readonly Curve[] {
  return withNamespaces(1 + otherPods, ([path = "", ...others]) =>
    measure(bench, (sample) => {
      let taps = 0;
      for (const count of onNode) {
        for (const other of others) fillWithTaps(other, { from: taps / otherPods, to: count / otherPods });
        taps = count;
        for (let round = 0; round < bench.rounds; round++) sample(count, path);
      }
    }),
  );
}

/** `take` samples an ADD of each plugin beside `taps` taps, as often as it likes. */
function measure(
  { mqtap, reference, run }: AddCostBench,
  take: (sample: (taps: number, netns: string) => void) => void,
): readonly Curve[] {
  const curves = [mqtap, reference].map((plugin) => ({ plugin, cpuUs: new Map<number, number[]>() }));
  take((taps, netns) => {
    for (const { plugin, cpuUs } of curves) {
      const { cpuUs: cost } = run({ plugin, verb: "ADD", netns });
      run({ plugin, verb: "DEL", netns });
      cpuUs.set(taps, [...(cpuUs.get(taps) ?? []), cost]);
    }
  });
  return curves.map(({ plugin, cpuUs }) => ({
    name: plugin.name,
    points: [...cpuUs].map(([taps, costs]) => ({ x: taps, y: percentile(costs, 50) / 1000 })),
  }));
}

function flatness({ title, curves }: Panel): Figure {
  const growth = ({ points }: Curve): number => (points.at(-1)?.y ?? 0) / (points[0]?.y ?? 0);
  const [mqtap = 0, peer = 0] = curves.map(growth);
  const most = curves[0]?.points.at(-1)?.x;
  return {
    what: `ADD CPU p50 with ${most} ${title}, against none`,
    mqtap: mqtap.toFixed(2),
    peer: peer.toFixed(2),
    ratio: "",
    wanted: `<= ${flat} x`,
    isMet: mqtap <= flat,
  };
}
