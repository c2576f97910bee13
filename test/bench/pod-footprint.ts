// What mqtap's own pods cost nodes on which nothing happens: memory, and the agent's CPU time with the programs that it runs to
// look at the node. The containers' first processes, as the kernel counts them.
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import type { BedNode } from "../../deploy/local/bed/node.ts";
import type { Figure } from "./statistics.ts";

/** Before a minute counts as one in which nothing happens. */
const settleMs = 60_000;

const podsSchema = z.object({
  items: z.array(
    z.object({
      spec: z.object({ nodeName: z.string() }),
      status: z.object({ containerStatuses: z.array(z.object({ containerID: z.string() })) }),
    }),
  ),
});

interface Process {
  readonly node: BedNode;
  /** As the node counts. */
  readonly pid: number;
}

/** After a minute of rest, over `seconds`; the largest of its kind counts. */
export async function benchPodFootprint(bed: Bed, seconds: number): Promise<readonly Figure[]> {
  const agents = await processesOf(bed, "agent");
  const controllers = await processesOf(bed, "controller");
  await delay(settleMs);
  const before = await Promise.all(agents.map(cpuMs));
  await delay(seconds * 1_000);
  const after = await Promise.all(agents.map(cpuMs));
  const percent = Math.max(...after.map((ms, index) => (ms - (before[index] ?? 0)) / (seconds * 10)));
  const agentMb = Math.max(...(await Promise.all(agents.map(residentMb))));
  const controllerMb = Math.max(...(await Promise.all(controllers.map(residentMb))));
  return [
    figure("agent in its pod, at rest: RSS, MB", agentMb.toFixed(0), { wanted: "<= 80", isMet: agentMb <= 80 }),
    figure(`agent in its pod, ${seconds} s at rest: CPU, % of a core`, percent.toFixed(2), {
      wanted: "<= 0.5",
      isMet: percent <= 0.5,
    }),
    figure("controller in its pod, at rest: RSS, MB", controllerMb.toFixed(0)),
  ];
}

async function processesOf(bed: Bed, component: string): Promise<readonly Process[]> {
  const selector = `--selector=app.kubernetes.io/component=${component}`;
  const { items } = podsSchema.parse(
    JSON.parse(await bed.kubectl(["get", "pods", "--namespace=mqtap-system", selector, "-o", "json"])),
  );
  return Promise.all(
    items.flatMap(({ spec, status }) =>
      status.containerStatuses.map(async ({ containerID }) => {
        const node = bed.node(spec.nodeName);
        return { node, pid: await firstProcess(node, containerID.replace("containerd://", "")) };
      }),
    ),
  );
}

async function firstProcess(node: BedNode, container: string): Promise<number> {
  const { stdout } = await node.ctr(["tasks", "list"]);
  const [, pid] = new RegExp(`^${container}\\s+(\\d+)\\s`, "m").exec(stdout) ?? [];
  if (pid === undefined) throw new Error(`cannot find container ${container} on ${node.name}:\n${stdout}`);
  return Number(pid);
}

/** utime, stime, and those of its children that have ended (proc_pid_stat(5)), in ticks of 10 ms. */
async function cpuMs({ node, pid }: Process): Promise<number> {
  const { stdout } = await node.run(["cat", `/proc/${pid}/stat`]);
  const fields = stdout.replace(/^.*\) /s, "").split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
}

async function residentMb({ node, pid }: Process): Promise<number> {
  const { stdout } = await node.run(["cat", `/proc/${pid}/status`]);
  const kb = /VmRSS:\s+(\d+) kB/.exec(stdout)?.[1];
  if (kb === undefined) throw new Error(`cannot read the resident memory of process ${pid} on ${node.name}`);
  return Number(kb) / 1024;
}

function figure(what: string, mqtap: string, goal?: { readonly wanted: string; readonly isMet: boolean }): Figure {
  return { what, mqtap, peer: "", ratio: "", wanted: goal?.wanted ?? "", isMet: goal?.isMet };
}
