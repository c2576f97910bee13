// Taps as `mqtap inspect` reports them and attachments as the agent remembers them: tap0 of the VM "win", 8 queues wanted
// and 4 planned, unless told otherwise.
import type { InspectReport, TapReport } from "../../cni/inspect/report.ts";
import { formatAlias, parseAlias } from "../../cni/tap/alias.ts";
import type { Attachment } from "../../operator/agent/state.ts";

export const idA = "a".repeat(32);
export const idB = "b".repeat(32);
export const netns = "/run/netns/cni-1";

export function aliasOf(attachmentId: string, queues = 4): string {
  return formatAlias({ mode: "companion", queues, networkId: "0".repeat(16), attachmentId });
}

export function tapOf(part: Partial<TapReport> = {}): TapReport {
  const alias = "alias" in part ? part.alias : aliasOf(idA);
  return {
    netns,
    netnsIdentity: "4:4026531840",
    name: "tap0",
    index: 3,
    kind: "tap",
    mark: parseAlias(alias),
    isMultiQueue: true,
    attachedQueues: 0,
    disabledQueues: 0,
    isOpen: (part.attachedQueues ?? 0) + (part.disabledQueues ?? 0) > 0,
    isPersistent: true,
    owner: 107,
    group: 107,
    isUp: true,
    mtuBytes: 1500,
    mac: "02:00:00:00:00:03",
    qdisc: "noqueue",
    txQueueLength: 1000,
    master: undefined,
    estimatedMemoryBytes: undefined,
    ...part,
    alias,
  };
}

export function reportOf(taps: readonly TapReport[], failures: InspectReport["failures"] = []): InspectReport {
  return { taps, failures };
}

export function attachmentOf(part: Partial<Attachment> = {}): Attachment {
  return {
    podUid: "p1",
    pod: "shop/virt-launcher-win-x",
    vmi: "shop/win",
    vmiUid: "v1",
    network: "default",
    tapName: "tap0",
    wanted: 8,
    queues: 4,
    why: '8 -> 4 on network "default": node limit 4 by NodeNetworkConfig/dense',
    at: "2026-11-22T00:00:00.000Z",
    wished: 4,
    ...part,
  };
}
