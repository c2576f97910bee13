// What an administrator should know of a tap of mqtap, and what to do about it. Pure.

import { formatBytes } from "./bytes.ts";
import type { TapReport } from "./report.ts";

/** Memory that the costly qdisc alone is worth a remark for. */
const costlyBytes = 1 << 20;

/** Nothing for a tap that is as it should be, and for foreign ones. */
export function remarksOn(tap: TapReport): readonly string[] {
  const { mark, attachedQueues, disabledQueues, isMultiQueue, qdisc, estimatedMemoryBytes = 0 } = tap;
  if (mark === undefined) return [];
  const remarks: string[] = [];
  const held = (attachedQueues ?? 0) + (disabledQueues ?? 0);
  if (held > mark.queues) {
    remarks.push(`${held} queues are open, ${mark.queues} were meant: the VM's domain was not lowered by the hook`);
  }
  if (isMultiQueue !== mark.queues > 1) {
    const flag = isMultiQueue ? "is multiqueue" : "is not multiqueue";
    remarks.push(
      `it ${flag}, which does not fit ${mark.queues} ${mark.queues === 1 ? "queue" : "queues"}: a VM of that size cannot open it`,
    );
  }
  if (qdisc === "mq" && estimatedMemoryBytes > costlyBytes) {
    const cost = formatBytes(estimatedMemoryBytes);
    remarks.push(
      `its qdisc "mq" takes nearly all of the ${cost}: "tc qdisc replace dev … root noqueue" there gives it back`,
    );
  }
  return remarks;
}
