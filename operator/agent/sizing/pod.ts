// A Pod as far as sizing depends on it. Labels and annotations can be forged by whoever creates the pod, so only the
// controller's ownerReference says which VM it belongs to (kubevirt.md, section 6).

import { JsonReader, MalformedObjectError } from "./json-reader.ts";

export interface PodOwner {
  readonly name: string;
  readonly uid: string;
}

export interface LauncherPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string;
  /** The VirtualMachineInstance that controls the pod; undefined for every other pod. */
  readonly vmi: PodOwner | undefined;
  /** A pod that KubeVirt makes to provision something for a VM, and that never runs it. */
  readonly isTemporary: boolean;
  readonly isMigrationTarget: boolean;
  /** Its containers run already: an ADD now is for a hotplugged NIC. */
  readonly isRunning: boolean;
  /** Multus names its interfaces net1, net2, ...: launchers that began under an old KubeVirt. */
  readonly hasOrdinalNames: boolean;
  /** The VM's networks for which Multus calls a network binding (KubeVirt puts `logicNetworkName` into its cni-args). */
  readonly boundNetworks: readonly string[];
  readonly images: readonly string[];
}

/** @throws MalformedObjectError when a field has not the kind it must have. */
export function parsePod(json: unknown): LauncherPod {
  const pod = new JsonReader(json, "Pod");
  const metadata = pod.object("metadata");
  const spec = pod.object("spec");
  const annotations = metadata?.object("annotations");
  const attachments = parseAttachments(annotations?.string("k8s.v1.cni.cncf.io/networks"));
  const containers = [...(spec?.objects("initContainers") ?? []), ...(spec?.objects("containers") ?? [])];
  return {
    namespace: metadata?.string("namespace") ?? "",
    name: metadata?.string("name") ?? "",
    uid: metadata?.string("uid") ?? "",
    nodeName: spec?.string("nodeName") ?? "",
    vmi: (metadata?.objects("ownerReferences") ?? []).map(parseVmiOwner).find((owner) => owner !== undefined),
    isTemporary: annotations?.string("kubevirt.io/ephemeral-provisioning") === "true",
    isMigrationTarget: metadata?.object("labels")?.string("kubevirt.io/migrationJobUID") !== undefined,
    isRunning: pod.object("status")?.string("phase") === "Running",
    hasOrdinalNames: attachments.some(({ ifName }) => /^net\d+$/.test(ifName ?? "")),
    boundNetworks: attachments.flatMap(({ logicNetworkName }) => logicNetworkName ?? []),
    images: containers.map((container) => container.string("image") ?? ""),
  };
}

/** True when a container's image, without registry, folders, tag and digest, is one of these names. */
export function hasHook(pod: LauncherPod, hookImageNames: readonly string[]): boolean {
  return pod.images.some((image) => hookImageNames.includes(imageName(image)));
}

/** "host:5000/virt/mqtap-hook:v1@sha256:ab" -> "mqtap-hook". */
export function imageName(image: string): string {
  const [withoutDigest = ""] = image.split("@");
  const [name = ""] = (withoutDigest.split("/").at(-1) ?? "").split(":");
  return name;
}

function parseVmiOwner(owner: JsonReader): PodOwner | undefined {
  const isVmi = owner.string("kind") === "VirtualMachineInstance";
  if (!isVmi || !(owner.string("apiVersion") ?? "").startsWith("kubevirt.io/")) return undefined;
  if (owner.boolean("controller") !== true) return undefined;
  const name = owner.string("name");
  const uid = owner.string("uid");
  if (name === undefined || uid === undefined) throw new MalformedObjectError("Pod's owner has no name or no uid");
  return { name, uid };
}

interface Attachment {
  readonly ifName: string | undefined;
  readonly logicNetworkName: string | undefined;
}

/** The annotation is JSON, or the short form "name, namespace/name@interface", which KubeVirt does not write. */
function parseAttachments(networks: string | undefined): readonly Attachment[] {
  if (networks === undefined) return [];
  try {
    const entries: unknown = JSON.parse(networks);
    return Array.isArray(entries) ? entries.map(parseAttachment) : [];
  } catch {
    return [];
  }
}

function parseAttachment(json: unknown): Attachment {
  const entry = new JsonReader(json, "networks");
  return {
    ifName: entry.string("interface"),
    logicNetworkName: entry.object("cni-args")?.string("logicNetworkName"),
  };
}
