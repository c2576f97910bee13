// How long a changed config takes: from the API server's answer to the limit in force in a node's (stand-in) kernel sysctl.
// Real API server, controller and agent, one node. Also what controller and agent hold in memory after it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { applyLimit, waitForLimit } from "../../deploy/local/story/apply-limit.ts";
import { Cluster } from "../../deploy/local/story/cluster.ts";
import type { Layout } from "../../deploy/local/story/layout.ts";
import { configName } from "../../deploy/local/story/node-network-config.ts";
import { residentMb } from "./resident.ts";
import { type Figure, percentile } from "./statistics.ts";

const node = "node-a";
const path = `/apis/mqtap.io/v1alpha1/nodenetworkconfigs/${configName}`;

export async function benchChangeLatency(layout: Layout, changes: number): Promise<readonly Figure[]> {
  await using cluster = await Cluster.start({ layout, nodes: [{ name: node, hasTuntapSysctl: true }] });
  const controller = await cluster.startController("controller-0");
  const agent = await cluster.startAgent(node);
  await applyLimit(cluster, 64);
  await waitForLimit(cluster, node, 64);

  const file = join(cluster.node(node).sysctlRoot, "net/tuntap/max_queues");
  const elapsedMs: number[] = [];
  for (let i = 0; i < changes; i++) {
    const maxQueues = 2 + (i % 60);
    await cluster.controlPlane.request({
      method: "PATCH",
      path,
      contentType: "application/merge-patch+json",
      body: { spec: { tuntap: { maxQueues } } },
    });
    elapsedMs.push(await untilFileSays(file, `${maxQueues}`));
  }
  const [p50, p95] = [percentile(elapsedMs, 50), percentile(elapsedMs, 95)];
  return [
    figure("config changed to limit in force, p50, ms", p50.toFixed(0)),
    figure("config changed to limit in force, p95, ms", p95.toFixed(0), { wanted: "<= 500", isMet: p95 <= 500 }),
    residentFigure(`agent RSS after ${changes} changes, MB`, agent.pid, 80),
    residentFigure(`controller RSS after ${changes} changes, MB`, controller.pid),
  ];
}

async function untilFileSays(file: string, wanted: string): Promise<number> {
  const start = performance.now();
  while (readFileSync(file, "utf8").trim() !== wanted) {
    if (performance.now() - start > 30_000) throw new Error(`waited 30 s for ${file} to say ${wanted}`);
    await nextTurn();
  }
  return performance.now() - start;
}

function residentFigure(what: string, pid: number, most?: number): Figure {
  const mb = residentMb(pid);
  return figure(what, mb.toFixed(0), most === undefined ? undefined : { wanted: `<= ${most}`, isMet: mb <= most });
}

function figure(what: string, mqtap: string, goal?: { readonly wanted: string; readonly isMet: boolean }): Figure {
  return { what, mqtap, peer: "", ratio: "", wanted: goal?.wanted ?? "", isMet: goal?.isMet };
}
