// VMs and their pods in the bed's tests: started until they hold their queues, looked at, removed.
import assert from "node:assert/strict";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { imageName } from "../../deploy/local/bed/installed/installed-bed.ts";
import { findPodNetns, type PodLink, readPodLinks } from "../../deploy/local/bed/installed/pod-links.ts";
import { createVmPod, type VmPod, type VmPodOptions, waitForQueues } from "../../deploy/local/bed/installed/vm-pod.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { type ObservedEvent, readEvents } from "../../deploy/local/story/observe.ts";
import { namespaceOf, type VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";

/** A VM of eight vCPUs with the hook and one NIC on the pods' network, unless told. */
export function virtualMachine(name: string, node: string, more: Partial<VirtualMachine> = {}): VirtualMachine {
  return { name, node, cpu: { sockets: 2, cores: 4 }, networks: ["default"], hasHook: true, ...more };
}

/** Creates the VM's pod, which is still on its way when this settles. */
export function createVm(bed: Bed, vm: VirtualMachine, options: Omit<VmPodOptions, "hookImage"> = {}): Promise<VmPod> {
  return createVmPod(bed, vm, { hookImage: imageName(layoutOfCheckout(), "mqtap-hook"), ...options });
}

/** Creates the VM's pod and waits until it holds all its queues. */
export async function startVm(
  bed: Bed,
  vm: VirtualMachine,
  options: Omit<VmPodOptions, "hookImage"> = {},
): Promise<VmPod> {
  const pod = await createVm(bed, vm, options);
  await waitForQueues(bed, pod);
  return pod;
}

/** Deletes pods and waits until they are gone. */
export async function removePods(bed: Bed, ...pods: readonly VmPod[]): Promise<void> {
  for (const { vm, name } of pods) {
    const argv = ["delete", "pod", name, "--namespace", namespaceOf(vm), "--wait=false"];
    await bed.kubectl(argv);
  }
  for (const { vm, name } of pods) {
    const argv = ["wait", "--for=delete", `pod/${name}`, "--namespace", namespaceOf(vm), "--timeout=60s"];
    await bed.kubectl(argv, { timeoutMs: 70_000 });
  }
}

/** Path of the pod's network namespace on its node. */
export async function netnsOf(bed: Bed, { vm, uid }: VmPod): Promise<string> {
  const netns = await findPodNetns(bed.node(vm.node), uid);
  assert.ok(netns !== undefined, `the runtime knows no network namespace of "${vm.name}"`);
  return netns;
}

/** The pod's links by name. */
export async function linksOf(bed: Bed, pod: VmPod): Promise<ReadonlyMap<string, PodLink>> {
  return readPodLinks(bed.node(pod.vm.node), await netnsOf(bed, pod));
}

/** What a tap of KubeVirt's must be like: "4 queues, multi, 107:107, noqueue, up, companion", from the kernel alone. */
export function describeTap(link: PodLink | undefined): string {
  const { multi_queue, numqueues = 0, numdisabled = 0, user, group, persist } = link?.linkinfo?.info_data ?? {};
  const [, queues = "?", mode = "?"] = /^mqtap\/1 q=(\d+) m=(\w+)/.exec(link?.ifalias ?? "") ?? [];
  return [
    `${mode} for ${queues}`,
    multi_queue ? `${numqueues + numdisabled} open` : "single",
    `${user}:${group}`,
    link?.qdisc,
    link?.flags.includes("UP") ? "up" : "down",
    ...(persist ? [] : ["not persistent"]),
  ].join(", ");
}

export function eventsOfVm(bed: Bed, { vm }: VmPod): Promise<readonly ObservedEvent[]> {
  return readEvents(bed.controlPlane, { kind: "VirtualMachineInstance", name: vm.name });
}

/** Waits for an event of this reason about the pod, as `kubectl describe pod` shows it, and gives its note. */
export function waitForPodEvent(
  bed: Bed,
  { name, namespace = "default" }: { readonly name: string; readonly namespace?: string },
  reason: string,
  words = /./,
): Promise<string> {
  let seen: readonly ObservedEvent[] = [];
  return waitUntil(
    `an event ${reason} about pod "${name}" that says ${words}`,
    async () => {
      seen = await readEvents(bed.controlPlane, { kind: "Pod", name, namespace });
      return seen.find((event) => event.reason === reason && words.test(event.note))?.note;
    },
    { timeoutMs: 60_000, intervalMs: 200, seen: () => [JSON.stringify(seen), ...bed.logTails()].join("\n") },
  );
}

/** Waits for the first event of this reason about the VM and gives its note. */
export function waitForVmEvent(bed: Bed, pod: VmPod, reason: string): Promise<string> {
  let seen: readonly ObservedEvent[] = [];
  return waitUntil(
    `the event ${reason} about "${pod.vm.name}"`,
    async () => {
      seen = await eventsOfVm(bed, pod);
      return seen.find((event) => event.reason === reason)?.note;
    },
    { timeoutMs: 60_000, intervalMs: 200, seen: () => JSON.stringify(seen) },
  );
}
