// Objects that a person or the controller may well write: parser and API server take every one of them.
import { config, type Json, limit, profile, selecting, setting } from "./objects.ts";

export const validObjects: Readonly<Record<string, Json>> = {
  "a limit for all nodes": limit({}),
  "no limit at all": config({ nodeSelector: {} }),
  "the least limits": limit({ tuntap: { maxQueues: 2, maxQueuesPerVM: 2 } }),
  "the greatest limits": limit({ tuntap: { maxQueues: 256, maxQueuesPerVM: 4096, enforcement: "Required" } }),
  "fewer queues for a VM than for one of its taps": limit({ tuntap: { maxQueues: 8, maxQueuesPerVM: 4 } }),
  "only an enforcement": limit({ tuntap: { enforcement: "Advisory" } }),
  "an empty tuntap": limit({ tuntap: {} }),
  "the greatest priority": limit({ priority: 1000 }),
  "a label with an empty value": limit({
    nodeSelector: { matchLabels: { "node-role.kubernetes.io/worker": "", zone: "a_1" } },
  }),
  "a label of several values": selecting({ key: "zone", operator: "In", values: ["a", "b", ""] }),
  "a label that must not have a value": selecting({ key: "zone", operator: "NotIn", values: ["a"] }),
  "a label that must exist": selecting({ key: "kubevirt.io/schedulable", operator: "Exists" }),
  "a label that must not exist, with no values": selecting({ key: "zone", operator: "DoesNotExist", values: [] }),
  "every sysctl": limit({
    sysctls: [
      { name: "net.core.netdev_max_backlog", value: "5000" },
      { name: "net.core.netdev_budget", value: "1" },
      { name: "net.core.netdev_budget_usecs", value: "2147483647" },
      { name: "net.core.rps_sock_flow_entries", value: "32768" },
    ],
  }),
  "no sysctls": limit({ sysctls: [] }),
  "a flow table switched off": setting("net.core.rps_sock_flow_entries", "0"),
  "the greatest flow table": setting("net.core.rps_sock_flow_entries", "536870912"),
  "a window in nodes": limit({ rollout: { maxConcurrent: 5 } }),
  "a window in per cent": limit({ rollout: { maxConcurrent: "100%" } }),
  "the least window": limit({
    rollout: { maxConcurrent: "1%", canary: 0, pauseBetween: "0s", progressDeadline: "1s" },
  }),
  "long waits": limit({ rollout: { canary: 3, pauseBetween: "1h30m", progressDeadline: "24h" } }),
  "short waits": limit({ rollout: { pauseBetween: "1s500ms", progressDeadline: "1000ms" } }),
  "an empty rollout": limit({ rollout: {} }),
  "a paused config that leaves things behind": limit({ paused: true, onRemoval: "Retain" }),
  "a whole profile": profile({}),
  "a profile of a node that nothing selects": {
    ...profile({}),
    spec: { sysctls: [], sources: [], hash: "0" },
  },
  "a profile whose sysctl the agent may not know": profile({
    sysctls: [{ name: "net.core.dev_weight", value: "64", onRemoval: "Retain" }],
    sources: [
      { config: "a", keys: ["tuntap.maxQueues", "net.core.dev_weight"], generation: 1 },
      { config: "b", keys: ["tuntap.maxQueuesPerVM"], generation: 9 },
    ],
  }),
};
