// The objects KubeVirt would make for a running VM: the VirtualMachineInstance and its virt-launcher pod, with the fields that
// mqtap reads, named and linked as KubeVirt does it.

/** A VM of the story. The first network is the pod network, the others are secondary. */
export interface VirtualMachine {
  readonly name: string;
  readonly node: string;
  readonly cpu: { readonly sockets?: number; readonly cores?: number; readonly threads?: number };
  readonly networks: readonly string[];
  /** Whether its pod carries the hook that lowers the queues in the domain XML. */
  readonly hasHook: boolean;
  readonly namespace?: string;
  readonly isMultiqueue?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object of the Kubernetes API, ready to be sent as JSON. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const hookImage = "example.org/mqtap/mqtap-hook:v0.1.0";

export function namespaceOf(vm: VirtualMachine): string {
  return vm.namespace ?? "default";
}

export function vcpusOf(vm: VirtualMachine): number {
  const { sockets = 1, cores = 1, threads = 1 } = vm.cpu;
  return sockets * cores * threads;
}

export function virtualMachineInstance(vm: VirtualMachine): Manifest {
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: {
      name: vm.name,
      namespace: namespaceOf(vm),
      ...(vm.annotations === undefined ? {} : { annotations: vm.annotations }),
    },
    spec: {
      domain: {
        cpu: vm.cpu,
        memory: { guest: "1Gi" },
        devices: {
          networkInterfaceMultiqueue: vm.isMultiqueue ?? true,
          interfaces: vm.networks.map((name, index) =>
            index === 0 ? { name, masquerade: {} } : { name, model: "virtio", bridge: {} },
          ),
        },
      },
      networks: vm.networks.map((name, index) =>
        index === 0 ? { name, pod: {} } : { name, multus: { networkName: name } },
      ),
    },
    status: { phase: "Scheduling" },
  };
}

/** The launcher pod of `vm`, whose VMI has `vmiUid`; `suffix` is the random end of its name. */
export function launcherPod(vm: VirtualMachine, vmiUid: string, suffix: string): Manifest {
  const compute = { name: "compute", image: "example.org/kubevirt/virt-launcher:v1.9.0" };
  const hook = { name: "hook-sidecar-0", image: hookImage };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `virt-launcher-${vm.name}-${suffix}`,
      namespace: namespaceOf(vm),
      labels: { "kubevirt.io": "virt-launcher", "kubevirt.io/created-by": vmiUid, "vmi.kubevirt.io/id": vm.name },
      annotations: { "kubevirt.io/domain": vm.name },
      ownerReferences: [
        {
          apiVersion: "kubevirt.io/v1",
          kind: "VirtualMachineInstance",
          name: vm.name,
          uid: vmiUid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      nodeName: vm.node,
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      containers: vm.hasHook ? [compute, hook] : [compute],
    },
  };
}
