// What mqtap asks of the kernel, as plain data. linux.ts does it with rtnetlink and tun ioctls; test/fakes/fake-kernel.ts does
// it in memory. One conformance suite (test/conformance) holds both to the same behaviour.

import type { Immediate } from "./netns.ts";

export interface TapState {
  readonly isTap: boolean;
  readonly isMultiQueue: boolean;
  readonly isPersistent: boolean;
  readonly owner: number | undefined;
  readonly group: number | undefined;
  /** Attached and enabled queues (IFLA_TUN_NUM_QUEUES); undefined on a single-queue tap, which does not report them. */
  readonly queues: number | undefined;
  /** Attached but disabled queues (IFLA_TUN_NUM_DISABLED_QUEUES). A VM's queues are the sum of both. */
  readonly disabledQueues: number | undefined;
}

export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFLA_INFO_KIND; undefined for links without one, such as `lo`. */
  readonly kind: string | undefined;
  readonly mac: string;
  readonly mtuBytes: number;
  readonly isUp: boolean;
  /** A tap has it while somebody holds a queue of it open; it alone tells that of a single-queue tap. */
  readonly hasCarrier: boolean;
  /** IFLA_TXQLEN: packets that one queue may hold. */
  readonly txQueueLength: number;
  readonly alias: string | undefined;
  /** Index of the bridge or bond that the link is a port of. */
  readonly master: number | undefined;
  readonly qdisc: string | undefined;
  readonly tap: TapState | undefined;
}

/** One step of making a tap. tap/plan.ts yields them in order, a {@link PendingTap} performs them. */
export type TapOperation =
  | { readonly kind: "setOwner"; readonly uid: number }
  | { readonly kind: "setGroup"; readonly gid: number }
  | { readonly kind: "setMac"; readonly mac: string }
  | { readonly kind: "setMtu"; readonly mtuBytes: number }
  | { readonly kind: "setAlias"; readonly alias: string }
  | { readonly kind: "setQdisc"; readonly qdisc: "noqueue" }
  | { readonly kind: "setMaster"; readonly bridge: string }
  | { readonly kind: "setUp" }
  | { readonly kind: "persist" };

/** A tap that dies with its descriptor until `persist` succeeded (TUNSETPERSIST, the commit point). */
export interface PendingTap extends Disposable {
  readonly link: Link;
  /** @throws SyscallError, with the tap left pending. */
  perform(operation: TapOperation): void;
}

/** An open network namespace. Not usable after disposal. */
export interface NetworkNamespace extends Disposable {
  /** `dev:ino` of the nsfs file: equal for the same namespace. */
  readonly identity: string;
  findLink(name: string): Link | undefined;
  links(): readonly Link[];
  /**
   * TUNSETIFF with IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL, and IFF_MULTI_QUEUE where asked.
   * With `selinuxLabel` the tap gets that label instead of ours.
   * @throws SyscallError EBUSY when a link of that name exists; of `setexeccon` when the kernel does not take the label.
   */
  createTap(name: string, isMultiQueue: boolean, selinuxLabel?: string): PendingTap;
  /** Removes the link of this index; an absent one is no error. */
  deleteLink(index: number): void;
  /** Runs `body` with the thread inside the namespace, for what shows the namespace of its reader, as /proc/sys/net does. */
  enter<T>(body: () => Immediate<T>): T;
}

export interface Kernel {
  /** Opens `path` once. Undefined when nothing is there or it is no network namespace any more (a stale plain file). */
  openNamespace(path: string): NetworkNamespace | undefined;
  /** Identity of the namespace this process runs in. */
  ownNamespaceIdentity(): string;
  /** Identity of the node's own namespace, that of process 1; undefined where it may not be looked at. */
  hostNamespaceIdentity(): string | undefined;
  hasTunDevice(): boolean;
  isSelinuxEnforcing(): boolean;
}
