// What an agent costs a node on which nothing happens: memory and CPU time over a minute, with the programs that it runs to look
// at the node. Real API server and controller, the plugin installed, a limit in force.
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { applyLimit, waitForLimit } from "../../deploy/local/story/apply-limit.ts";
import { Cluster } from "../../deploy/local/story/cluster.ts";
import type { Layout } from "../../deploy/local/story/layout.ts";
import { residentMb } from "./resident.ts";
import type { Figure } from "./statistics.ts";

const node = "node-a";

/** Over `seconds` without a change. */
export async function benchAgentFootprint(layout: Layout, seconds: number): Promise<readonly Figure[]> {
  await using cluster = await Cluster.start({ layout, nodes: [{ name: node, hasTuntapSysctl: true }] });
  await cluster.startController("controller-0");
  const host = join(cluster.directory, "host");
  for (const name of ["bin", "etc"]) mkdirSync(join(host, name), { recursive: true });
  copyFileSync(join(layout.binDir, "bridge"), join(host, "bin/bridge"));
  const flags = [
    `--cni-bin-dir=${join(host, "bin")}`,
    `--policy-file=${join(host, "etc/policy.json")}`,
    "--health-port=0",
  ];
  const { pid } = await cluster.startAgent(node, { flags });
  await applyLimit(cluster, 64);
  await waitForLimit(cluster, node, 64);
  await delay(5_000);

  const before = cpuMs(pid);
  await delay(seconds * 1_000);
  const percent = (cpuMs(pid) - before) / (seconds * 10);
  const mb = residentMb(pid);
  return [
    figure(`agent, ${seconds} s without a change: CPU, % of a core`, percent.toFixed(2), "<= 0.5", percent <= 0.5),
    figure(`agent, ${seconds} s without a change: RSS, MB`, mb.toFixed(0), "<= 80", mb <= 80),
  ];
}

/** utime, stime, and those of its children that have ended (proc_pid_stat(5)), in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
}

function figure(what: string, mqtap: string, wanted: string, isMet: boolean): Figure {
  return { what, mqtap, peer: "", ratio: "", wanted, isMet };
}
