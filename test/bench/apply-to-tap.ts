// How long an administrator waits: from the start of `kubectl apply -k` to the tap of a VM whose pod has been waiting for it, on
// nodes that have the images and whose chain names mqtap already. Pauses of kubelet and scheduler are part of it.
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { imageName, waitUntilInstalled } from "../../deploy/local/bed/installed/installed-bed.ts";
import { findPodNetns } from "../../deploy/local/bed/installed/pod-links.ts";
import { createVmPod, waitForQueues } from "../../deploy/local/bed/installed/vm-pod.ts";
import type { Layout } from "../../deploy/local/story/layout.ts";
import type { VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import type { Figure } from "./statistics.ts";

const vm: VirtualMachine = {
  name: "first",
  node: "node1",
  cpu: { cores: 8 },
  networks: ["default"],
  hasHook: true,
};

/** Installs mqtap; it is whole when this settles. */
export async function benchApplyToTap(bed: Bed, layout: Layout): Promise<Figure> {
  // containerd asks the chain's plugins for their STATUS: a node that lacks one is not Ready, and the pod waits for a node
  const notReady = ["wait", "--for=condition=Ready=False", `node/${vm.node}`, "--timeout=90s"];
  await bed.kubectl(notReady, { timeoutMs: 100_000 });
  const pod = await createVmPod(bed, vm, { hookImage: imageName(layout, "mqtap-hook") });
  const start = performance.now();
  const applied = bed.kubectl(["apply", "-k", layout.overlay]);
  // the runtime's record of the pod's network: written when its last plugin, mqtap, has answered
  await waitUntil("the VM's tap", () => findPodNetns(bed.node(vm.node), pod.uid), {
    timeoutMs: 180_000,
    intervalMs: 50,
    seen: () => bed.logTails().join("\n"),
  });
  const seconds = (performance.now() - start) / 1000;
  await applied;
  await waitUntilInstalled(bed);
  await waitForQueues(bed, pod);
  const what = "kubectl apply -k to the first VM's tap, s";
  return { what, mqtap: seconds.toFixed(1), peer: "", ratio: "", wanted: "", isMet: undefined };
}
