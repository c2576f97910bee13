// mqtap as it is meant to be used, on two whole nodes: images, `kubectl apply -k`, the node's chain, the agents in their pods.
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { chainedPlugin, startKubevirtBed } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import type { CniPod } from "../../deploy/local/cnitool.ts";
import { createLauncherPods } from "../../deploy/local/story/launch.ts";
import type { Layout } from "../../deploy/local/story/layout.ts";
import { benchApplyToTap } from "./apply-to-tap.ts";
import { benchChainTime } from "./chain-time.ts";
import { benchPodFootprint } from "./pod-footprint.ts";
import type { Figure } from "./statistics.ts";

/** `spawn` is the compiled spawn.c. */
export async function benchInstalled(
  layout: Layout,
  { spawn, rounds, restSeconds }: { spawn: string; rounds: number; restSeconds: number },
): Promise<readonly Figure[]> {
  await using bed = await startKubevirtBed({ layout });
  await bed.setDefaultNetwork(chainedPlugin);
  const applyToTap = await benchApplyToTap(bed, layout);
  await setNodeLimits(bed, { node1: 4, node2: 2 });
  const cases = [
    { title: "a VM's pod", pod: await startingVmPod(bed), mostMs: 15 },
    { title: "another pod", pod: await otherPod(bed), mostMs: 4 },
  ];
  const chain = await benchChainTime(bed, cases, { node, programs: layout.binDir, spawn, rounds });
  return [...chain, ...(await benchPodFootprint(bed, restSeconds)), applyToTap];
}

const node = "node1";

/** Its images are nowhere, so that it stays as pods are when runtimes call plugins: without a container that runs. */
async function startingVmPod(bed: Bed): Promise<CniPod> {
  const vm = { name: "starting", node, cpu: { cores: 8 }, networks: ["default"], hasHook: true };
  const [pod] = await createLauncherPods(bed.controlPlane, [vm]);
  if (pod === undefined) throw new Error(`cannot create the pod of VM "${vm.name}"`);
  return { namespace: "default", name: pod.name, uid: pod.uid };
}

/** Any that is no VM's: mqtap knows those by their names. */
async function otherPod(bed: Bed): Promise<CniPod> {
  const namespace = "mqtap-system";
  const first = "--output=jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}";
  const controllers = "--selector=app.kubernetes.io/component=controller";
  const [name = "", uid = ""] = (
    await bed.kubectl(["get", "pods", `--namespace=${namespace}`, controllers, first])
  ).split(" ");
  return { namespace, name, uid };
}
