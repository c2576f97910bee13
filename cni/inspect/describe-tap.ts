// From what the kernel says of one link to what the report says of a tap. Pure.

import type { Link, TapState } from "../kernel/kernel.ts";
import { parseAlias } from "../tap/alias.ts";
import { estimateMemoryBytes } from "./memory.ts";
import type { TapReport } from "./report.ts";

/** A network namespace, and the names of its links by index. */
export interface Surroundings {
  readonly netns: string;
  readonly netnsIdentity: string;
  readonly names: ReadonlyMap<number, string>;
}

/** Undefined for what is no tap of mqtap; with `hasForeign` for what is neither tap nor tun. */
export function describeTap(link: Link, around: Surroundings, hasForeign: boolean): TapReport | undefined {
  const { tap, alias, master, qdisc, txQueueLength } = link;
  if (tap === undefined) return undefined;
  const mark = tap.isTap ? parseAlias(alias) : undefined;
  if (mark === undefined && !hasForeign) return undefined;
  const { isMultiQueue, isPersistent, owner, group } = tap;
  const queues = heldQueues(tap, link.hasCarrier);
  return {
    netns: around.netns,
    netnsIdentity: around.netnsIdentity,
    name: link.name,
    index: link.index,
    kind: tap.isTap ? "tap" : "tun",
    mark,
    isMultiQueue,
    attachedQueues: tap.queues,
    disabledQueues: tap.disabledQueues,
    isOpen: queues > 0,
    isPersistent,
    owner,
    group,
    isUp: link.isUp,
    mtuBytes: link.mtuBytes,
    mac: link.mac,
    qdisc,
    txQueueLength,
    master: master === undefined ? undefined : (around.names.get(master) ?? `#${master}`),
    alias,
    estimatedMemoryBytes: estimateMemoryBytes({ isMultiQueue, queues, qdisc, txQueueLength }),
  };
}

/** A single-queue tap does not count: its carrier tells, unless somebody set that by hand. */
function heldQueues({ queues, disabledQueues }: TapState, hasCarrier: boolean): number {
  if (queues === undefined) return hasCarrier ? 1 : 0;
  return queues + (disabledQueues ?? 0);
}
