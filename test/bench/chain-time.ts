// What mqtap adds to the time in which a pod gets its network: the node's chain with mqtap in it against the same without, in
// turns, called through libcni on the node with the arguments that containerd gives. mqtap asks the node's agent in its pod, and
// that the API server.
import { copyFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { chainedPlugin } from "../../deploy/local/bed/installed/installed-bed.ts";
import type { BedNode } from "../../deploy/local/bed/node.ts";
import type { ChainedPlugins } from "../../deploy/local/bed/node-config.ts";
import { type CniPod, cnitoolEnvironment } from "../../deploy/local/cnitool.ts";
import { type Figure, percentile } from "./statistics.ts";

/** A kind of pod that is measured. */
export interface ChainCase {
  readonly title: string;
  readonly pod: CniPod;
  /** What the median may be. */
  readonly mostMs: number;
}

const folder = "/var/lib/bench";
const runner = `${folder}/spawn`;
const netns = "/run/netns/bench";
const costSchema = z.object({ wallUs: z.number(), status: z.number() });
const chains: Readonly<Record<string, ChainedPlugins>> = { bench: [], "bench-mqtap": chainedPlugin };

/** `programs` holds cnitool; `spawn` is the compiled spawn.c. The pods are of `node`, and stay as they are. */
export async function benchChainTime(
  bed: Bed,
  cases: readonly ChainCase[],
  { node: name, programs, spawn, rounds }: { node: string; programs: string; spawn: string; rounds: number },
): Promise<readonly Figure[]> {
  const node = bed.node(name);
  await node.run(["mkdir", "-p", folder]);
  copyFileSync(path.join(programs, "cnitool"), node.onDisk(`${folder}/cnitool`));
  copyFileSync(spawn, node.onDisk(runner));
  for (const [network, chained] of Object.entries(chains)) {
    await node.writeFile(`${folder}/${network}.conflist`, JSON.stringify(chain(network, chained)));
  }
  await node.run(["ip", "netns", "add", path.basename(netns)]);
  try {
    const figures: Figure[] = [];
    for (const { title, pod, mostMs } of cases) {
      const addedMs: number[] = [];
      for (let round = 0; round < rounds; round += 1) addedMs.push(await addedByMqtap(node, pod, round));
      const [p50, p95] = [percentile(addedMs, 50), percentile(addedMs, 95)];
      figures.push(
        figure(`chain of ${title}: what mqtap adds to ADD, p50, ms`, p50, {
          wanted: `<= ${mostMs}`,
          isMet: p50 <= mostMs,
        }),
        figure(`chain of ${title}: what mqtap adds to ADD, p95, ms`, p95),
      );
    }
    return figures;
  } finally {
    await node.run(["ip", "netns", "del", path.basename(netns)]);
    await node.run(["ip", "link", "del", bridge], { allowFailure: true });
  }
}

/** One ADD of each chain, each as often first as second. */
async function addedByMqtap(node: BedNode, pod: CniPod, round: number): Promise<number> {
  const wallMs: Record<string, number> = {};
  const names = Object.keys(chains);
  for (const network of round % 2 === 0 ? names : names.toReversed()) {
    wallMs[network] = await call(node, "add", network, pod);
    await call(node, "del", network, pod);
  }
  return (wallMs["bench-mqtap"] ?? Number.NaN) - (wallMs["bench"] ?? Number.NaN);
}

/** In ms. @throws where the chain fails */
async function call(node: BedNode, verb: "add" | "del", network: string, pod: CniPod): Promise<number> {
  const attachment = { network, netns, ifName: "eth0", pod };
  const env = cnitoolEnvironment({ pluginDirectories: ["/opt/cni/bin"], configDirectory: folder }, attachment);
  const { stdout, stderr } = await node.run([runner, "1", "/dev/null", `${folder}/cnitool`, verb, network, netns], {
    env,
  });
  const { wallUs, status } = costSchema.parse(JSON.parse(stdout));
  if (status !== 0) throw new Error(`cannot ${verb} "${network}" for pod "${pod.name}": status ${status} ${stderr}`);
  return wallUs / 1000;
}

const bridge = "bench0";

/** The pods' default network with a bridge and addresses of its own. */
function chain(name: string, chained: ChainedPlugins): object {
  const ipam = { type: "host-local", ranges: [[{ subnet: "10.98.0.0/24" }]] };
  const first = { type: "bridge", bridge, isDefaultGateway: true, hairpinMode: true, ipam };
  return { cniVersion: "1.1.0", name, plugins: [first, ...chained] };
}

function figure(what: string, ms: number, goal?: { readonly wanted: string; readonly isMet: boolean }): Figure {
  return { what, mqtap: ms.toFixed(1), peer: "", ratio: "", wanted: goal?.wanted ?? "", isMet: goal?.isMet };
}
