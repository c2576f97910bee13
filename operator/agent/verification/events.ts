// What a VM's owner reads after the start: the cap holds, it does not, or the tap was changed. Pure.

import type { TapReport } from "../../../cni/inspect/report.ts";
import type { NewEvent, ObjectReference } from "../../kube/events.ts";
import type { Attachment } from "../state.ts";
import { likelyCause } from "./cause.ts";
import { judge, wishedQueues } from "./verdict.ts";

/** The event's reason, and the metric's. */
export type VerificationReason = "QueuesCapped" | "CapNotApplied" | "TapChanged";

/** An event, or a line in a counter. */
export interface Finding {
  readonly reason: VerificationReason;
  /** Label of the counter; empty where there is nothing to tell apart. */
  readonly cause: string;
  readonly event: NewEvent;
}

/** Everything that can be said of a tap; who calls says what has not been said before. */
export function findingsOn(
  attachment: Attachment,
  tap: TapReport,
  { open, differences }: { readonly open: number; readonly differences: readonly string[] },
): readonly Finding[] {
  const findings: Finding[] = [];
  if (differences.length > 0) findings.push(changed(attachment, tap, differences));
  switch (judge(attachment, open)) {
    case "capped":
      findings.push(capped(attachment, open));
      break;
    case "over":
      findings.push(notApplied(attachment, open, tap));
      break;
    default:
      break;
  }
  return findings;
}

function capped(attachment: Attachment, open: number): Finding {
  const { why, network, obstacle } = attachment;
  // What was to be advice came true: the VM brought a lower number along, or lowers it by itself.
  const advised = `${open} on network "${network}", within the ${wishedQueues(attachment)} that are wished (planned: ${why})`;
  const note = obstacle === undefined ? `${why}; the VM runs with ${open}` : advised;
  return {
    reason: "QueuesCapped",
    cause: "",
    event: event(attachment, { type: "Normal", reason: "QueuesCapped", note }),
  };
}

function notApplied(attachment: Attachment, open: number, tap: TapReport): Finding {
  const cause = likelyCause(attachment, open, tap);
  const wished = wishedQueues(attachment);
  const note =
    `${open} instead of ${wished} on network "${attachment.network}": ${cause.text} ` + `(planned: ${attachment.why})`;
  const reason = "CapNotApplied";
  return { reason, cause: cause.kind, event: event(attachment, { type: "Warning", reason, note }) };
}

function changed(attachment: Attachment, tap: TapReport, differences: readonly string[]): Finding {
  const note =
    `tap "${tap.name}" of network "${attachment.network}" is not as it was made: ${differences.join(", and ")}. ` +
    `A container with NET_ADMIN can do that: look at those of pod "${attachment.pod}". ` +
    `The agent goes by its own record, ${attachment.queues}`;
  const reason = "TapChanged";
  return { reason, cause: "", event: event(attachment, { type: "Warning", reason, note }) };
}

function event(attachment: Attachment, said: Pick<NewEvent, "type" | "reason" | "note">): NewEvent {
  const { vmi, vmiUid, pod, podUid } = attachment;
  return {
    regarding: reference("kubevirt.io/v1", "VirtualMachineInstance", vmi, vmiUid),
    related: reference("v1", "Pod", pod, podUid),
    action: "VerifyTap",
    ...said,
  };
}

function reference(apiVersion: string, kind: string, fullName: string, uid: string): ObjectReference {
  const slash = fullName.indexOf("/");
  return { apiVersion, kind, namespace: fullName.slice(0, slash), name: fullName.slice(slash + 1), uid };
}
