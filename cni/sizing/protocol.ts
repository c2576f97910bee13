// What plugin and agent say to each other over /run/mqtap/agent.sock: one JSON line each way, at most 64 kB.
// Plain types and small parsers: the binary carries no zod.

export const sizingProtocolVersion = 1;
export const sizingSocketPath = "/run/mqtap/agent.sock";
export const maxSizingMessageBytes = 65_536;

export type SizingMode = "main" | "companion" | "binding";

/** "What tap for this pod's interface?" Asking twice gives the same answer (keyed by `attachmentId`). */
export interface SizingRequest {
  readonly version: typeof sizingProtocolVersion;
  readonly mode: SizingMode;
  readonly podNamespace: string;
  readonly podName: string;
  /** K8S_POD_UID; absent from old runtimes. */
  readonly podUid: string | undefined;
  /** CNI_IFNAME. */
  readonly ifName: string;
  /** The network configuration's name. */
  readonly network: string;
  /** 32 hex digits, see tap/alias.ts. */
  readonly attachmentId: string;
  /** args.cni.logicNetworkName: the VM's network, in binding mode. */
  readonly logicNetworkName: string | undefined;
  /** The configuration's own maxQueues. */
  readonly maxQueues: number | undefined;
}

export type SizingAnswer =
  /** Make this tap. `tapName` by KubeVirt's scheme (tap0, tap<hash>, tap<N>). */
  | { readonly kind: "tap"; readonly queues: number; readonly owner: number; readonly group: number; readonly tapName: string; readonly why: string }
  /** No tap here: not a VM's pod, hotplug pod, SR-IOV, passt, ... (`create: false`). */
  | { readonly kind: "none"; readonly why: string }
  /** Cannot say now: CNI error 11, kubelet retries. */
  | { readonly kind: "retry"; readonly why: string }
  /** Will never work as it is: CNI error `code` (>= 100). */
  | { readonly kind: "refused"; readonly code: number; readonly why: string };

/** Permanent refusals by the agent, as CNI error codes; the same table stands in the README. */
export const sizingRefusals = {
  NotAVirtualMachine: 110,
  PodNotFound: 111,
  VirtualMachineGone: 112,
  UnknownNetwork: 113,
  BindingNotManagedTap: 114,
  LimitRequired: 115,
  BadRequest: 116,
} as const;

export type SizingRefusal = keyof typeof sizingRefusals;
