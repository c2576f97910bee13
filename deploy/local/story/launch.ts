// Starting a VM's pod as a cluster would, without a kubelet: the VMI, its virt-launcher pod, a network namespace, and ADD
// through libcni for each of its networks.
import { randomBytes } from "node:crypto";
import { type CniAttachment, type CniPod, type CnitoolOptions, type CnitoolVerb, runCnitool } from "../cnitool.ts";
import type { CommandResult } from "../command.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Cluster } from "./cluster.ts";
import { podInterface, tapOf } from "./networks.ts";
import {
  launcherPod,
  type Manifest,
  namespaceOf,
  type VirtualMachine,
  virtualMachineInstance,
} from "./virtual-machine.ts";

/** One interface of a pod, and what the plugins answered when it was made. */
export interface Attachment {
  readonly network: string;
  readonly ifName: string;
  readonly tap: string;
}

/** A VM's pod. */
export interface LauncherPod {
  readonly vm: VirtualMachine;
  readonly vmiUid: string;
  readonly name: string;
  readonly uid: string;
  readonly attachments: readonly Attachment[];
}

/** Creates a VMI and its pod for each VM, by two calls of kubectl; nothing of their network exists yet. */
export async function createLauncherPods(
  controlPlane: ControlPlane,
  vms: readonly VirtualMachine[],
): Promise<readonly LauncherPod[]> {
  const vmiUids = await createAll(controlPlane, vms.map(virtualMachineInstance));
  const pods = vms.map((vm) => launcherPod(vm, vmiUids.get(vm.name) ?? "", randomBytes(4).toString("hex").slice(0, 5)));
  const podUids = await createAll(controlPlane, pods);
  return vms.map((vm, index) => {
    const name = pods[index]?.metadata.name ?? "";
    const attachments = vm.networks.map((network, position) => {
      const ifName = podInterface(network, position);
      return { network, ifName, tap: tapOf(ifName) };
    });
    return { vm, vmiUid: vmiUids.get(vm.name) ?? "", name, uid: podUids.get(name) ?? "", attachments };
  });
}

/** Runs a verb for one of the pod's interfaces on its node, as the runtime does. Does not throw when a plugin fails. */
export function invoke(
  cluster: Cluster,
  verb: CnitoolVerb,
  target: { readonly pod: LauncherPod; readonly attachment: Attachment; readonly netns: string },
): Promise<CommandResult> {
  return runCnitool(cnitoolOptions(cluster, target.pod.vm.node), verb, cniAttachment(target), { allowFailure: true });
}

/** Makes the pod's network namespace and attaches all its networks. @throws Error with the plugin's message */
export async function startPodNetwork(cluster: Cluster, pod: LauncherPod): Promise<string> {
  const netns = await cluster.node(pod.vm.node).addPodNetns(pod.name);
  for (const attachment of pod.attachments) {
    const { status, stdout, stderr } = await invoke(cluster, "add", { pod, attachment, netns });
    if (status !== 0) throw new Error(`cannot ADD "${attachment.network}" to pod "${pod.name}": ${stdout}${stderr}`);
  }
  return netns;
}

/** How cnitool is called on a node of the cluster. */
function cnitoolOptions(cluster: Cluster, node: string): CnitoolOptions {
  const { binDir, distDir } = cluster.layout;
  return {
    node: cluster.node(node),
    binDir,
    pluginDirectories: [distDir, binDir],
    configDirectory: cluster.networksDirectory,
  };
}

function cniAttachment({ pod, attachment, netns }: Parameters<typeof invoke>[2]): CniAttachment {
  const identity: CniPod = { namespace: namespaceOf(pod.vm), name: pod.name, uid: pod.uid };
  return { network: attachment.network, ifName: attachment.ifName, netns, pod: identity };
}

async function createAll(
  controlPlane: ControlPlane,
  manifests: readonly Manifest[],
): Promise<ReadonlyMap<string, string>> {
  const list = { apiVersion: "v1", kind: "List", items: manifests };
  const output = '--output=go-template={{.metadata.name}} {{.metadata.uid}}{{"\\n"}}';
  const answer = await controlPlane.kubectl(["create", "-f", "-", output], { stdin: JSON.stringify(list) });
  return new Map(
    answer
      .trim()
      .split("\n")
      .map((line): [string, string] => {
        const [name = "", uid = ""] = line.split(" ");
        return [name, uid];
      }),
  );
}
