// A companion tap in order, as `mqtap inspect` reports it; tests change what they are about.

import type { TapReport } from "../../cni/inspect/report.ts";

export const reportedTap: TapReport = {
  netns: "/run/netns/a",
  netnsIdentity: "4:1",
  name: "tap0",
  index: 2,
  kind: "tap",
  mark: { mode: "companion", queues: 4, networkId: "b".repeat(16), attachmentId: "c".repeat(32) },
  isMultiQueue: true,
  attachedQueues: 4,
  disabledQueues: 0,
  isOpen: true,
  isPersistent: true,
  owner: 107,
  group: 107,
  isUp: true,
  mtuBytes: 1500,
  mac: "02:00:00:00:00:01",
  qdisc: "noqueue",
  txQueueLength: 1000,
  master: "k6t-eth0",
  alias: "",
  estimatedMemoryBytes: 291 * 1024,
};
