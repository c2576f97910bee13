// The VM of a situation as KubeVirt has it: the VMI, its launcher pod, and how the runtime calls mqtap for each NIC.

import { companionTapName, podInterfaceName } from "../../../cni/tap/name.ts";
import { sha256Hex } from "../sha256-hex.ts";
import { bindings } from "../virtual-machine.ts";
import type { BindingName, Situation } from "./situations.ts";

export interface Nic {
  /** Its name in the VMI. */
  readonly network: string;
  readonly binding: BindingName;
  /** The pod's interface. */
  readonly podInterface: string;
  readonly tap: string;
  readonly mac: string;
  /** How mqtap is called where it makes the tap: in the network's chain, or as the network binding. */
  readonly call: { readonly ifName: string; readonly conf: Readonly<Record<string, unknown>> };
}

/** KubeVirt's objects, as JSON. */
export interface VirtualMachine {
  readonly vmi: {
    readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
    readonly spec: { readonly domain: { readonly devices: object }; readonly networks: readonly object[] };
    readonly status: object;
  };
  readonly pod: object;
}

export const podIdentity = { namespace: "vms", name: "virt-launcher-vm-abcde", uid: "b0d1" } as const;
export const cniArgs =
  `IgnoreUnknown=1;K8S_POD_NAMESPACE=${podIdentity.namespace};K8S_POD_NAME=${podIdentity.name};` +
  `K8S_POD_UID=${podIdentity.uid}`;
export const nodeName = "node-1";
const vmiUid = "3f6c";

const blue = podInterfaceName(sha256Hex, "blue");
const primary = { network: "default", podInterface: "eth0", tap: "tap0", mac: "02:00:00:00:00:02" } as const;

/** The pod network's NIC under masquerade. */
export const masqueradeNic: Nic = { ...primary, binding: "masquerade", call: chained("eth0") };
/** The pod network's NIC with the binding "mqtap". */
export const managedTapNic: Nic = {
  ...primary,
  binding: "managedTap",
  call: { ifName: "net1", conf: { sizing: "vm", args: { cni: { logicNetworkName: "default" } } } },
};
/** The NIC of a secondary network. */
export const bridgeNic: Nic = {
  network: "blue",
  binding: "bridge",
  podInterface: blue,
  tap: companionTapName(blue) ?? "",
  mac: "02:00:00:00:00:03",
  call: chained(blue),
};

function chained(ifName: string): Nic["call"] {
  const interfaces = [{ name: ifName, sandbox: "/run/netns/pod" }];
  return { ifName, conf: { sizing: "vm", prevResult: { cniVersion: "1.1.0", interfaces } } };
}

export function virtualMachine({ isMultiqueue, vcpus, hook, maker }: Situation, nics: readonly Nic[]): VirtualMachine {
  const { namespace } = podIdentity;
  const networks = nics.map(({ network, podInterface }) =>
    podInterface === "eth0" ? { name: network, pod: {} } : { name: network, multus: { networkName: network } },
  );
  const vmi = {
    metadata: { namespace, name: "vm", uid: vmiUid },
    spec: {
      domain: {
        cpu: { cores: vcpus },
        devices: {
          networkInterfaceMultiqueue: isMultiqueue,
          interfaces: nics.map(({ network, binding }) => ({ name: network, ...bindings[binding] })),
        },
      },
      networks,
    },
    status: { runtimeUser: 107 },
  };
  const compute = { name: "compute", image: "example.org/kubevirt/virt-launcher:v1.9.0" };
  const sidecar = { name: "hook-sidecar-0", image: "example.org/mqtap/mqtap-hook:v0.1.0" };
  const owner = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstance", name: "vm", uid: vmiUid };
  const pod = {
    metadata: {
      ...podIdentity,
      ownerReferences: [{ ...owner, controller: true }],
      annotations: { "k8s.v1.cni.cncf.io/networks": JSON.stringify(attachmentsOf(nics, maker)) },
    },
    spec: { nodeName, containers: hook === "absent" ? [compute] : [compute, sidecar] },
  };
  return { vmi, pod };
}

/** Where KubeVirt makes the tap, the cluster registers the managedTap binding without a network of its own. */
function attachmentsOf(nics: readonly Nic[], maker: Situation["maker"]): readonly object[] {
  return nics.flatMap((nic): readonly object[] => {
    if (nic.binding === "bridge") return [{ name: nic.network, interface: nic.podInterface }];
    const isBound = nic.binding === "managedTap" && maker === "mqtap";
    return isBound ? [{ name: "mqtap", "cni-args": { logicNetworkName: nic.network } }] : [];
  });
}
