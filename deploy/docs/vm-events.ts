// The events that a VM's owner reads, on the VirtualMachineInstance.
import type { notAdoptedReason } from "../../operator/agent/adoption/outcome.ts";
import type { VerificationReason } from "../../operator/agent/verification/events.ts";
import type { Advice } from "./agent-reasons.ts";

type VmReason = "QueuesPlanned" | "QueuesRefused" | VerificationReason | typeof notAdoptedReason;

export const vmEvents: Readonly<Record<VmReason, Advice>> = {
  QueuesPlanned: {
    meaning: "what the tap was made for, and why; a warning where the limit is only advisory for this VM",
    whatToDo: "nothing; where it says that there is no hook, see deploy/kubevirt",
  },
  QueuesRefused: {
    meaning: "a config with `enforcement: Required` forbids what the VM would open; its pod waits",
    whatToDo: "give the VM fewer vCPUs or the hook, or raise the limit; the event has the numbers",
  },
  QueuesCapped: { meaning: "the VM runs with what was planned", whatToDo: "nothing" },
  CapNotApplied: {
    meaning: "the VM runs with more queues than its node wishes",
    whatToDo:
      "the event names the likely cause: no hook, a hook of another release, or an older start; restart the VM once it is there",
  },
  TapChanged: {
    meaning: "something in the pod changed the tap after it was made",
    whatToDo: "look at the pod's containers that have NET_ADMIN",
  },
  TapNotAdopted: {
    meaning: "KubeVirt made the tap, and mqtap leaves it alone: shaped traffic, somebody else's alias, or a failure",
    whatToDo: "see the event",
  },
};
