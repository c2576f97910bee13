// VMs' pods of the story: created, looked at from the API and from the node, and removed.
import { imageName } from "../bed/installed/installed-bed.ts";
import { createVmPod, waitForQueues } from "../bed/installed/vm-pod.ts";
import type { Layout } from "../story/layout.ts";
import { readEvents } from "../story/observe.ts";
import type { VirtualMachine } from "../story/virtual-machine.ts";
import { waitUntil } from "../story/wait-until.ts";
import type { Administrator } from "./administrator.ts";

const eight = { sockets: 2, cores: 4 };
const vms: readonly VirtualMachine[] = [
  { name: "web", node: "node1", cpu: eight, networks: ["default"], hasHook: true },
  { name: "small", node: "node2", cpu: { cores: 2 }, networks: ["default"], hasHook: true },
  { name: "legacy", node: "node2", cpu: eight, networks: ["default"], hasHook: false },
];

/** Starts them and shows what came of it. */
export async function runVms(administrator: Administrator, layout: Layout): Promise<void> {
  const { bed, narrator, kubectl, onNode } = administrator;
  narrator.heading("VMs: their pods are scheduled, and kubelet, containerd, Multus, bridge and mqtap do the rest");
  narrator.say(
    "web and legacy have 8 vCPUs, small has 2, all with networkInterfaceMultiqueue: true; legacy is without the hook." +
      " What KubeVirt would run in the pods is a stand-in here: a process of uid 107 that opens the queues as QEMU does.",
  );
  narrator.command("kubectl create -f vmis.yaml -f virt-launcher-pods.yaml");
  const hookImage = imageName(layout, "mqtap-hook");
  const pods = await Promise.all(vms.map((vm) => createVmPod(bed, vm, { hookImage })));
  narrator.output(
    pods.flatMap(({ vm, name }) => [`virtualmachineinstance.kubevirt.io/${vm.name} created`, `pod/${name} created`]),
  );
  for (const pod of pods) await waitForQueues(bed, pod);
  await kubectl(["get", "pods", "-o", "wide"]);
  const [web] = pods;
  if (web !== undefined) await kubectl(["logs", web.name, "--container=compute"]);
  narrator.say("On the nodes, by the plugin itself:");
  for (const { name } of bed.nodes) await onNode(name, ["/opt/cni/bin/mqtap", "inspect", "--all"]);
  narrator.say("What the VMs' owners read, once each agent has seen twice how many queues are open:");
  await waitForVerdicts(administrator);
  const columns = "custom-columns=VM:.regarding.name,TYPE:.type,REASON:.reason,NOTE:.note";
  await kubectl([
    "get",
    "events.events.k8s.io",
    "--field-selector=regarding.kind=VirtualMachineInstance",
    "-o",
    columns,
  ]);
}

/** Deletes the pods and waits for their end. */
export async function removeVms({ kubectl }: Administrator): Promise<void> {
  await kubectl(["delete", "vmi", "--all"]);
  // their owner is gone, so the garbage collector deletes them
  await kubectl(["wait", "--for=delete", "pod", "--selector=kubevirt.io=virt-launcher", "--timeout=90s"]);
}

/** What agents say of VMs whose limit is below what KubeVirt would open. */
const verdicts = { web: "QueuesCapped", legacy: "CapNotApplied" } as const;

async function waitForVerdicts({ bed }: Administrator): Promise<void> {
  for (const [name, wanted] of Object.entries(verdicts)) {
    await waitUntil(
      `the agent's verdict on "${name}"`,
      async () => {
        const events = await readEvents(bed.controlPlane, { kind: "VirtualMachineInstance", name });
        return events.find(({ reason }) => reason === wanted);
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
  }
}
