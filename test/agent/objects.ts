// What the node agent's tests are about: the VM "win" of 8 vCPUs in the namespace "shop" on node n1, its launcher pod, the
// plugin's question about it, and the node's limits. Each builder takes what a test wants otherwise.
import type { SizingRequest } from "../../cni/sizing/protocol.ts";
import { launcherPod, type VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import type { NodeLimits } from "../../operator/agent/sizing/caps.ts";

const win: VirtualMachine = {
  name: "win",
  namespace: "shop",
  node: "n1",
  cpu: { cores: 8 },
  networks: ["default"],
  hasHook: true,
};
const vmiUid = "v1";

/** The launcher pod as the API server has it before its containers start. */
export function podObject(part: Partial<VirtualMachine> = {}) {
  const { metadata, ...pod } = launcherPod({ ...win, ...part }, vmiUid, "x");
  return { ...pod, metadata: { ...metadata, uid: "p1" }, status: { phase: "Pending" } };
}

/** Fields of a VirtualMachineInstance that queues depend on. */
export interface VmiShape {
  readonly cores?: number;
  readonly isMultiqueue?: boolean;
  readonly interfaces?: readonly object[];
  readonly networks?: readonly object[];
  readonly annotations?: object;
  readonly status?: object;
}

/** The VirtualMachineInstance; unlike the demo's, with interfaces of any binding, model and state. */
export function vmiObject({
  cores = 8,
  isMultiqueue = true,
  interfaces = [{ name: "default" }],
  networks = [{ name: "default", pod: {} }],
  annotations = {},
  status = {},
}: VmiShape = {}) {
  return {
    metadata: { namespace: "shop", name: win.name, uid: vmiUid, annotations },
    spec: { domain: { cpu: { cores }, devices: { networkInterfaceMultiqueue: isMultiqueue, interfaces } }, networks },
    status,
  };
}

/** The plugin's question about the pod's eth0. */
export function sizingRequest(part: Partial<SizingRequest> = {}): SizingRequest {
  return {
    version: 1,
    mode: "companion",
    podNamespace: "shop",
    podName: "virt-launcher-win-x",
    podUid: "p1",
    ifName: "eth0",
    network: "bed",
    attachmentId: "0".repeat(32),
    logicNetworkName: undefined,
    maxQueues: undefined,
    ...part,
  };
}

/** A node where nothing limits, unless told. */
export function nodeLimits(part: Partial<NodeLimits> = {}): NodeLimits {
  return {
    maxQueues: undefined,
    maxQueuesSource: "none",
    maxQueuesPerVm: undefined,
    maxQueuesPerVmSource: "none",
    enforcement: "BestEffort",
    kernelLimit: undefined,
    kernelSysctl: "net/tuntap/max_queues",
    hasBackend: false,
    ...part,
  };
}
