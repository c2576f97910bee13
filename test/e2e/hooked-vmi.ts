// VMIs that differ in what their owners have written about hooks, multiqueue and the NIC's binding.

/** Where KubeVirt reads hooks. */
export const annotation = "hooks.kubevirt.io/hookSidecars";

/** A VMI; `hooks` is the annotation as its owner wrote it. */
export interface Owner {
  readonly hooks?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly multiqueue?: boolean;
  readonly namespace?: string;
  readonly binding?: string;
}

/** As KubeVirt's controller would create it. */
export function vmiOf({ hooks, annotations, multiqueue, namespace = "vms", binding }: Owner): object {
  const all = { ...annotations, ...(hooks === undefined ? {} : { [annotation]: hooks }) };
  const nic = { name: "default", ...(binding === undefined ? { masquerade: {} } : { binding: { name: binding } }) };
  const devices = {
    interfaces: [nic],
    ...(multiqueue === undefined ? {} : { networkInterfaceMultiqueue: multiqueue }),
  };
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name: "vm", namespace, ...(Object.keys(all).length === 0 ? {} : { annotations: all }) },
    spec: { domain: { cpu: { cores: 8 }, devices }, networks: [{ name: "default", pod: {} }] },
  };
}
