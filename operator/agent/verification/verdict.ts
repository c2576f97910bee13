// What the kernel says of a tap, held against what was planned for it. Queues that the guest has not enabled count: a
// program holds them all the same. Pure.

import type { TapReport } from "../../../cni/inspect/report.ts";
import type { Attachment } from "../state.ts";

/** `closed`: nobody holds a queue, so there is nothing to judge. */
export type Verdict = "closed" | "as-planned" | "capped" | "over";

/** How many queues a program holds. */
export function openQueues({ attachedQueues, disabledQueues, isOpen }: TapReport): number {
  if (attachedQueues === undefined) return isOpen ? 1 : 0;
  return attachedQueues + (disabledQueues ?? 0);
}

/** What the tap should have at most: less than E where something kept a cap from being applied. */
export function wishedQueues({ queues, wished = queues }: Attachment): number {
  return Math.min(queues, wished);
}

export function judge(attachment: Attachment, open: number): Verdict {
  if (open === 0) return "closed";
  const wished = wishedQueues(attachment);
  if (open > wished) return "over";
  return attachment.wanted > wished ? "capped" : "as-planned";
}

/** Where the tap differs from what mqtap made; the record decides, not the tap. One phrase for each difference. */
export function differences(id: string, { queues, isAdopted = false }: Attachment, tap: TapReport): readonly string[] {
  const { mark, isMultiQueue } = tap;
  const found: string[] = [];
  // KubeVirt's own tap gets our alias a moment later.
  const isOurs = isAdopted ? mark === undefined || mark.mode === "adopted" : mark !== undefined && idOf(tap) === id;
  if (!isOurs) found.push("its alias is not the one that mqtap gave it");
  else if (mark !== undefined && mark.queues !== queues) {
    found.push(`its alias says ${mark.queues} queues instead of ${queues}`);
  }
  if (isMultiQueue !== queues > 1) {
    const wrong = isMultiQueue ? "is multiqueue" : "is not multiqueue";
    found.push(`it ${wrong}, which does not fit ${queues} ${queues === 1 ? "queue" : "queues"}`);
  }
  return found;
}

function idOf({ mark }: TapReport): string | undefined {
  return mark === undefined || mark.mode === "adopted" ? undefined : mark.attachmentId;
}
