// The pods of the Multus tests: a virtual machine's, with the objects that KubeVirt would make, and an ordinary one.
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { podInterfaceName } from "../../../cni/tap/name.ts";
import {
  launcherPod,
  type Manifest,
  type VirtualMachine,
  virtualMachineInstance,
} from "../../../deploy/local/story/virtual-machine.ts";
import { stock } from "../../e2e/operated-cluster.ts";
import type { MultusCluster, NetworkSelection, Sandbox } from "./multus-cluster.ts";

/** The interface that KubeVirt asks for in a secondary network of a VM. */
export function podInterfaceOf(network: string): string {
  return podInterfaceName((text) => createHash("sha256").update(text).digest("hex"), network);
}

/** The tap that KubeVirt adopts beside an interface of {@link podInterfaceOf}. */
export function tapOf(ifName: string): string {
  return ifName.replace(/^pod/, "tap");
}

/** A VM with eight vCPUs; the first network is the pod's, which every VM has. */
export interface TestVm {
  readonly name: string;
  readonly networks: readonly string[];
  /** The name of the network binding plugin by which the VM uses its last network, if it does. */
  readonly binding?: string;
}

/** Creates the VMI and its launcher pod with `selections` in its annotation. */
export async function startLauncher(
  multus: MultusCluster,
  { name, networks, binding }: TestVm,
  selections: readonly NetworkSelection[],
): Promise<Sandbox> {
  const vm: VirtualMachine = {
    name,
    node: stock,
    cpu: { cores: 8 },
    networks: ["default", ...networks],
    hasHook: true,
  };
  const vmi = binding === undefined ? virtualMachineInstance(vm) : withBinding(virtualMachineInstance(vm), binding);
  const uid = await multus.cluster.controlPlane.kubectl(["create", "-f", "-", "-o", "jsonpath={.metadata.uid}"], {
    stdin: JSON.stringify(vmi),
  });
  return multus.startPod(launcherPod(vm, uid, randomBytes(3).toString("hex").slice(0, 5)), selections);
}

/** A pod that is no virtual machine's. */
export function startOrdinaryPod(
  multus: MultusCluster,
  name: string,
  selections: readonly NetworkSelection[] = [],
): Promise<Sandbox> {
  const pod: Manifest = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      nodeName: stock,
      automountServiceAccountToken: false,
      containers: [{ name: "main", image: "example.org/web:1" }],
    },
  };
  return multus.startPod(pod, selections);
}

const devicesSchema = z.object({ interfaces: z.array(z.object({ name: z.string() }).loose()) }).loose();

/** The VMI with the network binding plugin of this name on its last interface. */
export function withBinding(vmi: Manifest, binding: string): Manifest {
  const spec = z
    .object({ domain: z.object({ devices: devicesSchema }).loose() })
    .loose()
    .parse(vmi["spec"]);
  const { interfaces } = spec.domain.devices;
  const bound = interfaces.map(({ name }, index) =>
    index === interfaces.length - 1 ? { name, binding: { name: binding } } : interfaces[index],
  );
  const devices = { ...spec.domain.devices, interfaces: bound };
  return { ...vmi, spec: { ...spec, domain: { ...spec.domain, devices } } };
}
