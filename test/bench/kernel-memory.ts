// Kernel memory per multiqueue tap that is up: SUnreclaim of /proc/meminfo before and after many ADDs of each plugin.
import { unreclaimableKb } from "../../deploy/local/story/kernel-memory.ts";
import { withNamespace } from "./namespaces.ts";
import type { Plugin, Run } from "./plugin.ts";
import type { Figure } from "./statistics.ts";

export interface MemoryBench {
  readonly mqtap: Plugin;
  readonly reference: Plugin;
  readonly run: Run;
  readonly taps: number;
}

export function benchKernelMemory(bench: MemoryBench): Figure {
  const { run } = bench;
  const perTap = (plugin: Plugin) =>
    withNamespace((netns) => {
      run({ plugin, verb: "ADD", netns, ifName: "warm" });
      const before = unreclaimableKb();
      for (let i = 0; i < bench.taps; i++) run({ plugin, verb: "ADD", netns, ifName: `tap${i}` });
      return (unreclaimableKb() - before) / bench.taps / 1024;
    });
  const mqtap = perTap(bench.mqtap);
  const peer = perTap(bench.reference);
  return {
    what: "kernel memory per up multiqueue tap, MB",
    mqtap: mqtap.toFixed(2),
    peer: peer.toFixed(2),
    ratio: (mqtap / peer).toFixed(3),
    wanted: "<= 0.30",
    isMet: mqtap <= 0.3,
  };
}
