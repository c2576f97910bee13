// Taps that KubeVirt makes itself, in pods of a default network that is not mqtap's to edit: the agent hears of the pod by
// containerd's own cache, and the tap gets alias and noqueue in the pod. KubeVirt's own program makes the taps here.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startInstalledBed } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import { findPodNetns } from "../../deploy/local/bed/installed/pod-links.ts";
import { type VmPod, waitForQueues } from "../../deploy/local/bed/installed/vm-pod.ts";
import { runCommand } from "../../deploy/local/command.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { waitUntilEmpty } from "./node-leftovers.ts";
import { createVm, describeTap, linksOf, removePods, virtualMachine, waitForVmEvent } from "./vm-pods.ts";

const layout = layoutOfCheckout();

/** What virt-handler does once the pod has its network: `virt-chroot create-tap` in the pod's namespace, then UP. */
async function makeTap(bed: Bed, { vm, uid }: VmPod, tap: string, queues: number): Promise<void> {
  const node = bed.node(vm.node);
  const netns = await waitUntil("the pod's network namespace", () => findPodNetns(node, uid));
  const fromOutside = `/proc/${node.pid}/root/run/netns/${path.basename(netns)}`;
  const inPod = async (...argv: readonly string[]): Promise<void> => {
    await runCommand(["nsenter", `--net=${fromOutside}`, "--", ...argv]);
  };
  const ids = ["--uid=107", "--gid=107"];
  const size = [`--queue-number=${queues}`, "--mtu=1500"];
  await inPod(path.join(layout.binDir, "virt-chroot"), "create-tap", `--tap-name=${tap}`, ...ids, ...size);
  await inPod("ip", "link", "set", tap, "up");
}

describe("taps that KubeVirt made, with mqtap in no chain", () => {
  let bed: Bed;
  before(async () => {
    bed = await startInstalledBed({ layout, chained: [] });
    await setNodeLimits(bed, { node1: 4, node2: 2 });
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  it("get the node's number and noqueue, and the VM's owner reads that it holds", async () => {
    for (const [node, queues] of [
      ["node1", 4],
      ["node2", 2],
    ] as const) {
      const pod = await createVm(bed, virtualMachine(`on-${node}`, node));
      await makeTap(bed, pod, "tap0", 8);
      await waitForQueues(bed, pod);
      const tap = (await linksOf(bed, pod)).get("tap0");
      assert.equal(describeTap(tap), `adopted for ${queues}, ${queues} open, 107:107, noqueue, up`);
      const planned = await waitForVmEvent(bed, pod, "QueuesPlanned");
      assert.match(
        planned,
        new RegExp(`^8 -> ${queues} on network "default": node limit ${queues} .* mqtap adopts it$`),
      );
      assert.match(await waitForVmEvent(bed, pod, "QueuesCapped"), new RegExp(`the VM runs with ${queues}$`));
      await removePods(bed, pod);
    }
  });

  it("leave nothing on the nodes", async () => {
    await waitUntilEmpty(bed);
  });
});
