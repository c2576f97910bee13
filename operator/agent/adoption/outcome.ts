// What follows from the plugin's report on a tap: what is remembered of it, and what its VM's owner is told. Pure.

import type { AdoptedTap, TapOutcome } from "../../../cni/adopt/report.ts";
import type { NewEvent, ObjectReference } from "../../kube/events.ts";
import type { Attachment } from "../state.ts";

/** The event's reason, and what an attachment remembers of it. */
export const notAdoptedReason = "TapNotAdopted";

export type AdoptionConsequence =
  /** Alias and qdisc are there: say what was planned, if that was not said. */
  | { readonly kind: "adopted" }
  /** The plugin made the tap after all, and has an attachment of its own. */
  | { readonly kind: "forget" }
  /** KubeVirt's tap stays as it is, and so does its number of queues. */
  | { readonly kind: "left"; readonly attachment: Attachment; readonly event: NewEvent }
  /** Not there yet, or never. */
  | { readonly kind: "open" };

const advice: Readonly<Partial<Record<TapOutcome, string>>> = {
  shaped: "shape the traffic of the pod's interface instead, or leave it so",
  foreign: "look at what else in the pod sets it, and restart the VM",
  mismatch: "restart the VM, so that both are made anew",
  failed: "look at the agent's log and at the node's kernel log",
};

export function consequenceOf(
  attachment: Attachment,
  { name, outcome, why = outcome }: AdoptedTap,
): AdoptionConsequence {
  switch (outcome) {
    case "adopted":
    case "unchanged":
      return { kind: "adopted" };
    case "owned":
      return { kind: "forget" };
    case "missing":
      return { kind: "open" };
    case "foreign":
    case "shaped":
    case "mismatch":
    case "failed":
      return left(attachment, `${name === attachment.tapName ? "" : `tap "${name}": `}${why}`, advice[outcome]);
    default:
      return outcome satisfies never;
  }
}

function left(attachment: Attachment, why: string, todo = "look at the agent's log"): AdoptionConsequence {
  const { network, wanted, queues, vmi, vmiUid, pod, podUid } = attachment;
  const effect = queues < wanted ? `the VM opens ${wanted} queues instead of ${queues}` : "it costs its full memory";
  const note = `the tap of network "${network}" is not adopted: ${why}; so ${effect}: ${todo}`;
  // What cannot be told to the hook is not expected of it either.
  const { wished: _, said = [], ...rest } = attachment;
  return {
    kind: "left",
    attachment: { ...rest, queues: wanted, why: note, said: [...said, notAdoptedReason] },
    event: {
      regarding: reference("kubevirt.io/v1", "VirtualMachineInstance", vmi, vmiUid),
      related: reference("v1", "Pod", pod, podUid),
      type: "Warning",
      reason: notAdoptedReason,
      action: "AdoptTap",
      note,
    },
  };
}

function reference(apiVersion: string, kind: string, fullName: string, uid: string): ObjectReference {
  const slash = fullName.indexOf("/");
  return { apiVersion, kind, namespace: fullName.slice(0, slash), name: fullName.slice(slash + 1), uid };
}
