// Everything that is known about the taps of one pod: the decision with its reason as the VM's owner reads it, what the
// node's limit is, and what the kernel says once a consumer has opened the queues.
import type { NodeNetworkProfile } from "../../../crds/node-network-profile.ts";
import type { Cluster } from "./cluster.ts";
import type { LauncherPod } from "./launch.ts";
import { readLinks } from "./link-reader.ts";
import { type ObservedEvent, readEvents, readProfile } from "./observe.ts";
import type { QueueConsumer } from "./queue-consumer.ts";
import type { ConsumerAnswer } from "./queue-consumer-protocol.ts";
import { queuesOf, type SizedTap } from "./sizing-report.ts";
import { namespaceOf, vcpusOf } from "./virtual-machine.ts";

/** Opens the queues of each tap by `consumer` and reads everything back. */
export async function inspectPod(
  cluster: Cluster,
  pod: LauncherPod & { readonly netns: string },
  consumer: QueueConsumer,
): Promise<readonly SizedTap[]> {
  const { vm, netns } = pod;
  const node = cluster.node(vm.node);
  const before = await readLinks(node, netns);
  const opened = new Map<string, ConsumerAnswer>();
  for (const { tap } of pod.attachments) {
    const queues = queuesOf(before.get(tap)) ?? 0;
    opened.set(tap, await consumer.open({ tap, queues, isMultiQueue: queues > 1 }));
  }
  const links = await readLinks(node, netns);
  const events = await readEvents(cluster.controlPlane, {
    kind: "VirtualMachineInstance",
    name: vm.name,
    namespace: namespaceOf(vm),
  });
  const profile = await readProfile(cluster.controlPlane, vm.node);
  return pod.attachments.map(({ network, tap }) => ({
    vm: vm.name,
    vcpus: vcpusOf(vm),
    node: vm.node,
    limit: String(profile?.status.tuntap?.maxQueues ?? "-"),
    setBy: limitSource(profile),
    why: reasonOf(events, network),
    tap,
    link: links.get(tap),
    opened: opened.get(tap) ?? { opened: 0 },
  }));
}

/** Who set the limit and what holds it: "dense-windows, Sysctl". */
function limitSource(profile: NodeNetworkProfile | undefined): string {
  const source = profile?.spec.sources.find(({ keys }) => keys.includes("tuntap.maxQueues"));
  return source === undefined ? "-" : `${source.config}, ${profile?.status.tuntap?.enforcedBy ?? "?"}`;
}

/** What the VM's owner was told about this network. */
function reasonOf(events: readonly ObservedEvent[], network: string): string {
  return events.find(({ note }) => note.includes(`network "${network}"`))?.note ?? "no event";
}
