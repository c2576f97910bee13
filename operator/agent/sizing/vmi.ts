// A VirtualMachineInstance as far as queues depend on it: unknown JSON in, a small readonly value out.
// KubeVirt's defaulting may not have run (no webhook), so every field may be absent, and a zero means "not set".

import { JsonReader } from "./json-reader.ts";
import { countVcpus } from "./vcpus.ts";

/** How the core or a plugin attaches an interface, as far as it matters to us. */
export type InterfaceBinding =
  | { readonly kind: "core" }
  | { readonly kind: "sriov" }
  | { readonly kind: "passt" }
  | { readonly kind: "plugin"; readonly name: string };

export interface VmiInterface {
  readonly name: string;
  readonly isVirtio: boolean;
  readonly model: string;
  readonly isAbsent: boolean;
  readonly binding: InterfaceBinding;
  /** Queues of the running domain; undefined while no domain reports the interface. */
  readonly runningQueues: number | undefined;
}

export interface VmiNetwork {
  readonly name: string;
  /** The pod network, or the multus network with `default: true`. */
  readonly isPrimary: boolean;
}

export interface Vmi {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly vcpus: number;
  readonly hasMultiqueue: boolean;
  readonly interfaces: readonly VmiInterface[];
  readonly networks: readonly VmiNetwork[];
  /** uid of the launcher's processes, which own the tap: 107, or 0 for a root VM. */
  readonly runtimeUser: number;
  readonly annotations: ReadonlyMap<string, string>;
}

/** The uid and gid of "qemu" in KubeVirt's launcher image. */
const nonRootUser = 107;

/** The annotations that lower E for one VM. */
export const maxQueuesAnnotations = ["mqtap.io/max-queues", "network.kubevirt.io/max-queues"] as const;

/** @throws MalformedObjectError when a field has not the kind it must have. */
export function parseVmi(json: unknown): Vmi {
  const vmi = new JsonReader(json, "VirtualMachineInstance");
  const metadata = vmi.object("metadata");
  const spec = vmi.object("spec");
  const domain = spec?.object("domain");
  const devices = domain?.object("devices");
  const status = vmi.object("status");
  const runningQueues = parseRunningQueues(status);
  return {
    namespace: metadata?.string("namespace") ?? "",
    name: metadata?.string("name") ?? "",
    uid: metadata?.string("uid") ?? "",
    vcpus: parseVcpus(domain),
    hasMultiqueue: devices?.boolean("networkInterfaceMultiqueue") ?? false,
    interfaces: (devices?.objects("interfaces") ?? []).map((nic) => parseInterface(nic, runningQueues)),
    networks: (spec?.objects("networks") ?? []).map(parseNetwork),
    runtimeUser: parseRuntimeUser(metadata, status),
    annotations: parseAnnotations(metadata?.object("annotations")),
  };
}

/** IsNonRoot in KubeVirt's vmitrait: the user's number does not matter, and an old annotation says the same. */
function parseRuntimeUser(metadata: JsonReader | undefined, status: JsonReader | undefined): number {
  const isNonRoot = status?.count("runtimeUser") !== 0 || metadata?.object("annotations")?.has("kubevirt.io/nonroot");
  return isNonRoot ? nonRootUser : 0;
}

function parseVcpus(domain: JsonReader | undefined): number {
  const cpu = domain?.object("cpu");
  const resources = domain?.object("resources");
  return countVcpus({
    sockets: cpu?.count("sockets"),
    cores: cpu?.count("cores"),
    threads: cpu?.count("threads"),
    limit: resources?.object("limits")?.quantity("cpu"),
    request: resources?.object("requests")?.quantity("cpu"),
  });
}

function parseInterface(nic: JsonReader, runningQueues: ReadonlyMap<string, number>): VmiInterface {
  const name = nic.string("name") ?? "";
  const model = nic.string("model") || "virtio";
  return {
    name,
    isVirtio: model === "virtio",
    model,
    isAbsent: nic.string("state") === "absent",
    binding: parseBinding(nic),
    runningQueues: runningQueues.get(name),
  };
}

function parseBinding(nic: JsonReader): InterfaceBinding {
  if (nic.has("sriov")) return { kind: "sriov" };
  if (nic.has("passt") || nic.has("passtBinding")) return { kind: "passt" };
  const plugin = nic.object("binding")?.string("name");
  if (plugin === undefined) return { kind: "core" };
  return plugin === "passt" ? { kind: "passt" } : { kind: "plugin", name: plugin };
}

function parseNetwork(network: JsonReader): VmiNetwork {
  return {
    name: network.string("name") ?? "",
    isPrimary: network.has("pod") || network.object("multus")?.boolean("default") === true,
  };
}

/** infoSource is a ", "-joined list; only what the domain itself reported counts as running. */
function parseRunningQueues(status: JsonReader | undefined): ReadonlyMap<string, number> {
  const reported = (status?.objects("interfaces") ?? []).filter((nic) =>
    (nic.string("infoSource") ?? "").split(", ").includes("domain"),
  );
  return new Map(reported.map((nic) => [nic.string("name") ?? "", nic.count("queueCount") ?? 0]));
}

function parseAnnotations(annotations: JsonReader | undefined): ReadonlyMap<string, string> {
  const found = maxQueuesAnnotations.map((key) => [key, annotations?.string(key)] as const);
  return new Map(found.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}
