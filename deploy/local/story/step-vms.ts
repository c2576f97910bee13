// Step 7: VMs and their virt-launcher pods; the plugin is called through libcni for each network of each pod.
import type { Cluster } from "./cluster.ts";
import { createLauncherPods, type LauncherPod, startPodNetwork } from "./launch.ts";
import type { Narrator } from "./narrator.ts";
import { type VirtualMachine, vcpusOf } from "./virtual-machine.ts";
import { storyVms } from "./vms.ts";

/** A pod that has its network. */
export interface ConnectedPod extends LauncherPod {
  readonly netns: string;
}

/** Creates the VMs of the story and connects their pods. */
export async function launchStoryVms(cluster: Cluster, narrator: Narrator): Promise<readonly ConnectedPod[]> {
  narrator.heading("Virtual machines, all with networkInterfaceMultiqueue: true");
  narrator.say(
    `${storyVms.map(describe).join(", ")}.` +
      " Their pods carry the hook container that will lower the queues in the domain XML; that of legacy does not.",
  );
  narrator.command("kubectl create -f vmis.yaml && kubectl create -f virt-launcher-pods.yaml");
  const pods = await createLauncherPods(cluster.controlPlane, storyVms);
  narrator.output(pods.map(({ name, vm }) => `pod/${name} created on ${vm.node}`));
  narrator.say(
    "No kubelet runs here, so the plugin is called as containerd does it: by libcni, once for each network.",
  );
  const connected: ConnectedPod[] = [];
  for (const pod of pods) connected.push(await connect(cluster, narrator, pod));
  return connected;
}

/** ADD for all networks of one pod, shown as the command and the names of what was made. */
export async function connect(cluster: Cluster, narrator: Narrator, pod: LauncherPod): Promise<ConnectedPod> {
  const [first, ...others] = pod.attachments;
  const more = others.length === 0 ? "" : `    # and ${others.length} more networks`;
  narrator.command(`cnitool add ${first?.network} /run/netns/${pod.name}${more}`);
  const netns = await startPodNetwork(cluster, pod);
  narrator.output(
    `${pod.attachments
      .map(({ ifName, tap }) => `${ifName} + ${tap}`)
      .slice(0, 3)
      .join(", ")}${others.length > 2 ? ", ..." : ""}`,
  );
  return { ...pod, netns };
}

/** "router (8 vCPUs, 10 NICs)". */
function describe(vm: VirtualMachine): string {
  const vcpus = vcpusOf(vm);
  const facts = [
    `${vcpus} ${vcpus === 1 ? "vCPU" : "vCPUs"}`,
    ...(vm.networks.length > 1 ? [`${vm.networks.length} NICs`] : []),
    ...(vm.hasHook ? [] : ["no hook"]),
  ];
  return `${vm.name} (${facts.join(", ")})`;
}
