// Step 8: the tables, a consumer on every tap, the kernel's own limit, and the memory that is saved.
import path from "node:path";
import type { Cluster } from "./cluster.ts";
import { inspectPod } from "./inspect-pod.ts";
import { kernelMemoryPerTap } from "./kernel-memory.ts";
import { attachedQueues, readLinks } from "./link-reader.ts";
import type { Narrator } from "./narrator.ts";
import { startQueueConsumer } from "./queue-consumer.ts";
import { decisionTable, kernelTable, type SizedTap } from "./sizing-report.ts";
import type { ConnectedPod } from "./step-vms.ts";
import { showVerified } from "./verified.ts";
import { vcpusOf } from "./virtual-machine.ts";
import { nodeNames } from "./vms.ts";

/** The kernel's own most queues of one tap (MAX_TAP_QUEUES, drivers/net/tun.c). */
const kernelMost = 256;

/** Attaches a consumer to every tap, shows both tables and what the agents find, and goes beyond the kernel's limit once. */
export async function attachConsumers(
  cluster: Cluster,
  narrator: Narrator,
  pods: readonly ConnectedPod[],
): Promise<AsyncDisposable> {
  narrator.heading("How many queues each VM gets, and what the kernel says");
  narrator.say(
    "A process of uid 107 opens E queues of each tap as QEMU does: /dev/net/tun, IFF_TAP|IFF_NO_PI|IFF_VNET_HDR, and" +
      " IFF_MULTI_QUEUE when E > 1. The kernel counts them.",
  );
  await using starting = new AsyncDisposableStack();
  const taps: SizedTap[] = [];
  for (const pod of pods) {
    const descriptors = pod.attachments.length * vcpusOf(pod.vm);
    const consumer = startQueueConsumer(cluster.node(pod.vm.node), { netns: pod.netns, descriptors });
    taps.push(...(await inspectPod(cluster, pod, starting.use(consumer))));
  }
  narrator.output([...decisionTable(taps), "", ...kernelTable(taps)]);
  for (const { vm, tap, opened } of taps) {
    if (opened.error !== undefined) throw new Error(`cannot open the queues of ${vm}'s ${tap}: ${opened.error}`);
  }
  await showVerified(cluster, narrator);
  const stock = pods.find(({ vm }) => vm.node === nodeNames.stock && vcpusOf(vm) > 1);
  if (stock !== undefined) await goBeyond(cluster, narrator, stock);
  await compareMemory(cluster, narrator);
  return starting.move();
}

async function goBeyond(cluster: Cluster, narrator: Narrator, { vm, netns, attachments }: ConnectedPod): Promise<void> {
  const tap = attachments[0]?.tap ?? "";
  const node = cluster.node(vm.node);
  const count = async (): Promise<number> => attachedQueues((await readLinks(node, netns)).get(tap)) ?? 0;
  await using consumer = startQueueConsumer(node, { netns, descriptors: kernelMost });
  const before = await count();
  const answer = await consumer.open({ tap, queues: kernelMost + 1 - before, isMultiQueue: true });
  const after = await count();
  if (answer.error !== "E2BIG")
    throw new Error(`queue ${after + 1} of ${tap} gave ${answer.error}, E2BIG was expected`);
  narrator.say(
    `A tap itself holds no limit but the kernel's own: ${answer.opened} more queues of ${vm.name}'s ${tap} make` +
      ` ${after}, and number ${after + 1} is refused with ${answer.error}. So where no sysctl refuses, E is` +
      " what plugin and hook agree on: advisory, and called so.",
  );
}

async function compareMemory(cluster: Cluster, narrator: Narrator): Promise<void> {
  const { distDir, binDir } = cluster.layout;
  const node = cluster.node(nodeNames.stock);
  const common = { cniVersion: "1.0.0", name: "memory", multiQueue: true, owner: 107, group: 107 };
  const ours = await kernelMemoryPerTap(node, {
    binary: path.join(distDir, "mqtap"),
    netConf: { ...common, type: "mqtap" },
  });
  const theirs = await kernelMemoryPerTap(node, {
    binary: path.join(binDir, "tap"),
    netConf: { ...common, type: "tap" },
  });
  narrator.say(
    `Kernel memory of a multiqueue tap that is up, mean of 16: ${megabytes(theirs)} with the default qdisc (the reference` +
      ` plugin "tap"), ${megabytes(ours)} made by mqtap, which sets noqueue before the link goes up.`,
  );
}

function megabytes(kb: number): string {
  return `${(kb / 1024).toFixed(2)} MB`;
}
