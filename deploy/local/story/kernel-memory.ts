// What a tap that is up costs in kernel memory: SUnreclaim of /proc/meminfo before and after many ADDs of one plugin,
// called directly with the environment a runtime gives it, in a network namespace of its own.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { DemoNode } from "../demo-node.ts";

/** A plugin and the configuration it is called with. */
export interface MeasuredPlugin {
  readonly binary: string;
  readonly netConf: Readonly<Record<string, unknown>>;
}

const taps = 16;

/** Kilobytes a tap, the mean of 16 multiqueue taps of `plugin`. */
export async function kernelMemoryPerTap(node: DemoNode, plugin: MeasuredPlugin): Promise<number> {
  const name = `memory-${path.basename(plugin.binary)}`;
  const netns = await node.addPodNetns(name);
  const add = (ifName: string): Promise<unknown> =>
    node.run([plugin.binary], {
      stdin: JSON.stringify(plugin.netConf),
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        CNI_COMMAND: "ADD",
        CNI_CONTAINERID: name,
        CNI_NETNS: netns,
        CNI_IFNAME: ifName,
        CNI_PATH: path.dirname(plugin.binary),
      },
    });
  try {
    await add("warm0");
    const before = unreclaimableKb();
    for (let index = 0; index < taps; index += 1) await add(`tap${index}`);
    return Math.max(0, (unreclaimableKb() - before) / taps);
  } finally {
    await node.deletePodNetns(name);
  }
}

/** Kernel memory that cannot be given back, of the whole machine. @throws Error where /proc/meminfo does not say */
export function unreclaimableKb(): number {
  const kb = /^SUnreclaim:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  if (kb === undefined) throw new Error("cannot read SUnreclaim from /proc/meminfo");
  return Number(kb);
}
