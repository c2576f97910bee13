// Every combination that decides how many queues a VM gets, and what is seen of a NIC in each. The table of the top README
// is made of them.

/** How the VM's owner and the node's administrator left things, beside the NIC's binding. */
export interface Situation {
  readonly isMultiqueue: boolean;
  readonly vcpus: number;
  /** The node's maxQueues. */
  readonly cap: number | undefined;
  /** `skipped`: it is in the pod, and KubeVirt goes on without it, as where its file cannot be executed. */
  readonly hook: "works" | "skipped" | "absent";
  /** KubeVirt's own tap is adopted where the agent adopts such a tap. */
  readonly maker: "mqtap" | "KubeVirt";
}

/** As people know them: bridge is on a secondary network, managedTap is the binding "mqtap". */
export const bindingNames = ["masquerade", "bridge", "managedTap"] as const;
export type BindingName = (typeof bindingNames)[number];

export interface Seen {
  readonly isMultiQueueTap: boolean;
  /** E, as the tap's alias says it. */
  readonly markedQueues: number | undefined;
  readonly qdisc: string;
  /** In the domain as KubeVirt's converter writes it, and as libvirt gets it. */
  readonly asked: number | undefined;
  readonly written: number | undefined;
  /** As the kernel counts them once the VM runs. */
  readonly opened: number;
  /** As the guest tells; undefined where none was booted. */
  readonly inGuest: number | undefined;
  /** The agent's events to the VM's owner: the reason, and what it says beside. */
  readonly events: readonly string[];
}

/** One NIC of one VM, and what was seen of it. */
export interface Cell extends Situation {
  readonly binding: BindingName;
  readonly seen: Seen;
}

const makers = ["mqtap", "KubeVirt"] as const;

/** Where KubeVirt opens one queue, a cap of 1 and a hook that is skipped can change nothing that 2 and none do not. */
export const situations: readonly Situation[] = [
  ...every({ isMultiqueue: false, vcpus: 4 }, [undefined, 2], ["works", "absent"]),
  ...every({ isMultiqueue: true, vcpus: 1 }, [undefined, 2], ["works", "absent"]),
  ...every({ isMultiqueue: true, vcpus: 4 }, [undefined, 1, 2], ["works", "skipped", "absent"]),
];

function every(
  vm: Pick<Situation, "isMultiqueue" | "vcpus">,
  caps: readonly Situation["cap"][],
  hooks: readonly Situation["hook"][],
): readonly Situation[] {
  return caps.flatMap((cap) => hooks.flatMap((hook) => makers.map((maker) => ({ ...vm, cap, hook, maker }))));
}
