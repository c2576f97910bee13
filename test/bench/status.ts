// STATUS, which containerd asks for every 5 s on every node, in the two configurations that answer without an agent. The
// reference plugin knows no STATUS.
import type { Plugin, Run } from "./plugin.ts";
import { type Figure, percentile } from "./statistics.ts";

const mostUs = 2000;
const configs: Readonly<Record<string, object>> = {
  "STATUS CPU p50, us, static sizing": { cniVersion: "1.1.0", name: "bench", type: "mqtap", mode: "main" },
  'STATUS CPU p50, us, "sizing": "vm" in a chain': { cniVersion: "1.1.0", name: "bench", type: "mqtap", sizing: "vm" },
};

export function benchStatus(run: Run, plugin: Plugin, rounds: number): readonly Figure[] {
  return Object.entries(configs).map(([what, config]) => {
    const calls = Array.from({ length: rounds }, () => run({ plugin, verb: "STATUS", config }).cpuUs);
    const p50 = percentile(calls, 50);
    return { what, mqtap: `${p50}`, peer: "", ratio: "", wanted: `<= ${mostUs}`, isMet: p50 <= mostUs };
  });
}
