// How many VMs run with more queues than their node's limits wish, as those limits are now. A VM's own annotation and a
// network's own maxQueues are no limits of the node. Pure.

import { type NodeLimits, nodeLimit } from "../sizing/caps.ts";

/** One interface of a running VM. */
export interface RunningInterface {
  readonly vmiUid: string;
  readonly open: number;
}

/** A cap never goes below this. */
const floor = 2;

export function countOverLimit(
  interfaces: readonly RunningInterface[],
  limits: Pick<NodeLimits, "maxQueues" | "kernelLimit" | "maxQueuesPerVm">,
): number {
  const each = Math.max(floor, nodeLimit(limits));
  const total = limits.maxQueuesPerVm ?? Number.POSITIVE_INFINITY;
  const vms = [...Map.groupBy(interfaces, ({ vmiUid }) => vmiUid).values()];
  return vms.filter((nics) => {
    const multiqueue = nics.map(({ open }) => open).filter((open) => open > 1);
    const together = multiqueue.reduce((sum, open) => sum + open, 0);
    return multiqueue.some((open) => open > each) || together > Math.max(total, floor * multiqueue.length);
  }).length;
}
