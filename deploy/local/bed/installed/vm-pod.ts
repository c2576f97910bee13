// A VM's pod as KubeVirt's virt-controller makes it, with a stand-in for the launcher: a container of uid 107 without any
// capability that opens the queues of its taps as QEMU does and holds them, and the hook's container from mqtap's image.
// Made by the API, scheduled, run by kubelet and containerd, connected by the node's own CNI plugins.
import { randomBytes } from "node:crypto";
import { podInterface, tapOf } from "../../story/networks.ts";
import {
  launcherPod,
  type Manifest,
  namespaceOf,
  type VirtualMachine,
  virtualMachineInstance,
} from "../../story/virtual-machine.ts";
import { waitUntil } from "../../story/wait-until.ts";
import type { Bed } from "../bed.ts";
import { testImage } from "../test-images.ts";

/** A VM and its pod, which may still be on its way. */
export interface VmPod {
  readonly vm: VirtualMachine;
  readonly vmiUid: string;
  /** Of the pod. */
  readonly name: string;
  readonly uid: string;
  /** Names of the taps that it will get, one for each network. */
  readonly taps: readonly string[];
}

/** What makes a pod differ from what KubeVirt writes for the VM. */
export interface VmPodOptions {
  readonly hookImage: string;
  /** Multus' selections, as in the annotation k8s.v1.cni.cncf.io/networks. */
  readonly networks?: readonly object[];
  /** Names of the taps that the launcher opens, where they are not those that KubeVirt looks for. */
  readonly taps?: readonly string[];
  /** Whether the pod asks for the device with which taps are opened; it holds none without. Default: true. */
  readonly hasTunDevice?: boolean;
  /** Changes the VMI before it is created. */
  readonly changeVmi?: (vmi: Manifest) => Manifest;
}

/** Creates the VMI and its pod. */
export async function createVmPod(bed: Bed, vm: VirtualMachine, options: VmPodOptions): Promise<VmPod> {
  const vmi = virtualMachineInstance(vm);
  const vmiUid = await create(bed, options.changeVmi?.(vmi) ?? vmi);
  return createPodOf(bed, vm, vmiUid, options);
}

/** A further pod of a VMI that exists, as KubeVirt makes one when the first has ended. */
async function createPodOf(bed: Bed, vm: VirtualMachine, vmiUid: string, options: VmPodOptions): Promise<VmPod> {
  const taps = options.taps ?? vm.networks.map((network, position) => tapOf(podInterface(network, position)));
  const pod = vmPodManifest(vm, vmiUid, { ...options, taps });
  return { vm, vmiUid, name: pod.metadata.name, uid: await create(bed, pod), taps };
}

/** Waits until the launcher holds the queues of every tap; gives what it said. @throws Error when it ended or takes too long */
export async function waitForQueues(bed: Bed, pod: VmPod, { timeoutMs = 90_000 } = {}): Promise<string> {
  const isHeld = (text: string, tap: string): boolean => text.includes(`\n${tap}: `) || text.startsWith(`${tap}: `);
  let said = "";
  return waitUntil(
    `pod "${pod.name}" to hold its queues`,
    async () => {
      const namespace = namespaceOf(pod.vm);
      said = await bed.kubectl(["logs", "--namespace", namespace, pod.name, "--container=compute"]).catch(String);
      return pod.taps.every((tap) => isHeld(said, tap)) ? said : undefined;
    },
    { timeoutMs, intervalMs: 200, seen: () => `${said}\n${bed.logTails().join("\n")}` },
  );
}

/** The pod of `vm`. The device is a host path here: KubeVirt has a device plugin for it, and runc lets containers use it. */
function vmPodManifest(
  vm: VirtualMachine,
  vmiUid: string,
  options: VmPodOptions & { readonly taps: readonly string[] },
): Manifest {
  const pod = launcherPod(vm, vmiUid, randomBytes(4).toString("hex").slice(0, 5));
  const { networks = [], taps, hasTunDevice = true } = options;
  const annotations = {
    ...Object(pod.metadata["annotations"]),
    ...(networks.length === 0 ? {} : { "k8s.v1.cni.cncf.io/networks": JSON.stringify(networks) }),
  };
  const sockets = { name: "hook-sidecar-sockets", mountPath: "/var/run/kubevirt-hooks" };
  const compute = {
    name: "compute",
    image: testImage,
    command: ["sh", "-c", launcherScript(taps)],
    securityContext: unprivileged,
    volumeMounts: [...(hasTunDevice ? [{ name: "tun", mountPath: "/dev/net/tun" }] : []), sockets],
  };
  const hook = {
    name: "hook-sidecar-0",
    image: options.hookImage,
    env: [{ name: "CONTAINER_NAME", value: "hook-sidecar-0" }],
    resources: { limits: { cpu: "200m", memory: "64M" } },
    securityContext: unprivileged,
    volumeMounts: [{ ...sockets, subPath: "hook-sidecar-0" }],
  };
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": vm.node },
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 5,
      securityContext: { runAsUser: qemu, runAsGroup: qemu, runAsNonRoot: true, fsGroup: qemu },
      containers: vm.hasHook ? [compute, hook] : [compute],
      volumes: [
        ...(hasTunDevice ? [{ name: "tun", hostPath: { path: "/dev/net/tun", type: "CharDevice" } }] : []),
        { name: "hook-sidecar-sockets", emptyDir: {} },
      ],
    },
  };
}

const qemu = 107;
const unprivileged = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

/** Opens each tap as soon as it says its number of queues, and holds all until the pod ends. */
function launcherScript(taps: readonly string[]): string {
  return [
    "trap 'kill $(jobs -p); exit' TERM",
    ...taps.map(
      (tap) =>
        `{ until grep -q ' q=' /sys/class/net/${tap}/ifalias 2>/dev/null; do sleep 0.1; done; exec hold-queues ${tap} alias; } &`,
    ),
    "wait",
  ].join("\n");
}

async function create(bed: Bed, manifest: Manifest): Promise<string> {
  return bed.kubectl(["create", "-f", "-", "--output=jsonpath={.metadata.uid}"], { stdin: JSON.stringify(manifest) });
}
