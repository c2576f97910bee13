// Objects that must not get in, each with the words that tell a person why.
import { config, type Json, limit, profile, selecting, setting } from "./objects.ts";

export interface InvalidObject {
  readonly object: Json;
  /** The field that the API server's answer names, and what it says about it. */
  readonly says: readonly string[];
}

const source = { config: "a", keys: ["tuntap.maxQueues", "tuntap.maxQueuesPerVM"], generation: 1 };
const backlog = { name: "net.core.netdev_max_backlog", value: "5000", onRemoval: "Restore" };
const flowEntries = "net.core.rps_sock_flow_entries";
const duration = (least: string) => `must be a duration from ${least} to 24h, such as 30s, 5m or 1h30m`;
const window = 'must be a number of nodes from 1 to 10000, or a percentage from "1%" to "100%"';
const positive = "it must be a whole number from 1 to 2147483647, without sign or leading zero";

export const invalidObjects: Readonly<Record<string, InvalidObject>> = {
  "a config without a spec": {
    object: { ...config({}), spec: undefined },
    says: ["spec: Required value"],
  },
  "a config that does not say which nodes": {
    object: config({ tuntap: { maxQueues: 4 } }),
    says: ["spec.nodeSelector: Required value"],
  },
  "a selector that is a label's name": {
    object: limit({ nodeSelector: "worker" }),
    says: ["spec.nodeSelector", "must be of type object"],
  },
  "a label key with a space": {
    object: limit({ nodeSelector: { matchLabels: { "node role": "" } } }),
    says: ["spec.nodeSelector.matchLabels", '"node role" is not a label key: it must be name or prefix/name'],
  },
  "a label key whose prefix is no DNS name": {
    object: limit({ nodeSelector: { matchLabels: { "Node_Role/worker": "" } } }),
    says: ["spec.nodeSelector.matchLabels", '"Node_Role/worker" is not a label key', "the prefix a DNS name"],
  },
  "a label value that ends in a dash": {
    object: limit({ nodeSelector: { matchLabels: { zone: "a-" } } }),
    says: ["spec.nodeSelector.matchLabels", '"a-" is not a label value', "with a letter or digit at both ends"],
  },
  "a label value that is too long": {
    object: limit({ nodeSelector: { matchLabels: { zone: "a".repeat(64) } } }),
    says: ["spec.nodeSelector.matchLabels.zone: Too long", "63"],
  },
  "a label value that is a number": {
    object: limit({ nodeSelector: { matchLabels: { zone: 3 } } }),
    says: ["spec.nodeSelector.matchLabels.zone", "must be of type string"],
  },
  "more labels than a selector takes": {
    object: limit({
      nodeSelector: { matchLabels: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, ""])) },
    }),
    says: ["spec.nodeSelector.matchLabels: Too many", "64"],
  },
  "an expression without a key": {
    object: selecting({ operator: "Exists" }),
    says: ["spec.nodeSelector.matchExpressions[0].key: Required value"],
  },
  "an expression whose key is no label key": {
    object: selecting({ key: "zone/", operator: "Exists" }),
    says: ["spec.nodeSelector.matchExpressions[0].key", '"zone/" is not a label key'],
  },
  "an operator that selectors of pods have not": {
    object: selecting({ key: "cpus", operator: "Gt", values: ["8"] }),
    says: ["matchExpressions[0].operator", 'Unsupported value: "Gt"', '"In", "NotIn", "Exists", "DoesNotExist"'],
  },
  "In without values": {
    object: selecting({ key: "zone", operator: "In" }),
    says: ["spec.nodeSelector.matchExpressions[0].values", "operator In needs at least one value"],
  },
  "NotIn with an empty list": {
    object: selecting({ key: "zone", operator: "NotIn", values: [] }),
    says: ["spec.nodeSelector.matchExpressions[0].values", "operator NotIn needs at least one value"],
  },
  "Exists with a value": {
    object: selecting({ key: "zone", operator: "Exists", values: ["a"] }),
    says: [
      "spec.nodeSelector.matchExpressions[0].values",
      "operator Exists takes no values: remove them, or use In or NotIn",
    ],
  },
  "DoesNotExist with a value": {
    object: selecting({ key: "zone", operator: "DoesNotExist", values: ["a"] }),
    says: ["matchExpressions[0].values", "operator DoesNotExist takes no values: remove them, or use In or NotIn"],
  },
  "an expression with a value that no label has": {
    object: selecting({ key: "zone", operator: "In", values: ["a", "b c"] }),
    says: ["spec.nodeSelector.matchExpressions[0].values", '"b c" is not a label value'],
  },
  "a negative priority": {
    object: limit({ priority: -1 }),
    says: ["spec.priority", "should be greater than or equal to 0"],
  },
  "a priority above the highest": {
    object: limit({ priority: 1001 }),
    says: ["spec.priority", "should be less than or equal to 1000"],
  },
  "a priority in words": {
    object: limit({ priority: "high" }),
    says: ["spec.priority", "must be of type integer"],
  },
  "a limit of one queue": {
    object: limit({ tuntap: { maxQueues: 1 } }),
    says: ["spec.tuntap.maxQueues", "must be 2 to 256: a cap below 2", "could not start"],
  },
  "a limit beyond the kernel's own": {
    object: limit({ tuntap: { maxQueues: 257 } }),
    says: ["spec.tuntap.maxQueues", "should be less than or equal to 256"],
  },
  "a limit with a fraction": {
    object: limit({ tuntap: { maxQueues: 2.5 } }),
    says: ["spec.tuntap.maxQueues", "must be of type integer"],
  },
  "a limit in quotes": {
    object: limit({ tuntap: { maxQueues: "4" } }),
    says: ["spec.tuntap.maxQueues", "must be of type integer"],
  },
  "a limit of one queue for a VM": {
    object: limit({ tuntap: { maxQueuesPerVM: 1 } }),
    says: ["spec.tuntap.maxQueuesPerVM", "should be greater than or equal to 2"],
  },
  "too great a limit for a VM": {
    object: limit({ tuntap: { maxQueuesPerVM: 4097 } }),
    says: ["spec.tuntap.maxQueuesPerVM", "should be less than or equal to 4096"],
  },
  "an enforcement that does not exist": {
    object: limit({ tuntap: { enforcement: "Strict" } }),
    says: ["spec.tuntap.enforcement", 'Unsupported value: "Strict"', '"Advisory", "BestEffort", "Required"'],
  },
  "a limit that is not within tuntap's fields": {
    object: limit({ tuntap: 4 }),
    says: ["spec.tuntap", "must be of type object"],
  },
  "a sysctl that is not on the list": {
    object: setting("net.ipv4.ip_forward", "1"),
    says: ["spec.sysctls[0].name", 'Unsupported value: "net.ipv4.ip_forward"', '"net.core.netdev_max_backlog"'],
  },
  "a sysctl written as a path": {
    object: setting("net/core/netdev_budget", "300"),
    says: ["spec.sysctls[0].name", "Unsupported value", '"net.core.netdev_budget"'],
  },
  "a sysctl without a value": {
    object: limit({ sysctls: [{ name: "net.core.netdev_budget" }] }),
    says: ["spec.sysctls[0].value: Required value"],
  },
  "a sysctl's value without quotes": {
    object: setting("net.core.netdev_budget", 300),
    says: ["spec.sysctls[0].value", "must be of type string"],
  },
  "a sysctl's value in words": {
    object: setting("net.core.netdev_budget", "many"),
    says: ["spec.sysctls[0].value", `"many" is not a value for net.core.netdev_budget: ${positive}`],
  },
  "a sysctl's value with a sign": {
    object: setting("net.core.netdev_max_backlog", "-1"),
    says: ["spec.sysctls[0].value", `"-1" is not a value for net.core.netdev_max_backlog: ${positive}`],
  },
  "a sysctl's value with a leading zero": {
    object: setting("net.core.netdev_max_backlog", "05000"),
    says: ["spec.sysctls[0].value", `"05000" is not a value for net.core.netdev_max_backlog: ${positive}`],
  },
  "a sysctl's value beyond the kernel's int": {
    object: setting("net.core.netdev_budget_usecs", "2147483648"),
    says: ["spec.sysctls[0].value", `"2147483648" is not a value for net.core.netdev_budget_usecs: ${positive}`],
  },
  "a budget of nothing": {
    object: setting("net.core.netdev_budget", "0"),
    says: ["spec.sysctls[0].value", `"0" is not a value for net.core.netdev_budget: ${positive}`],
  },
  "a flow table that the kernel would round up": {
    object: setting(flowEntries, "5000"),
    says: ["spec.sysctls[0].value", "it must be 0 or a power of two up to 536870912", "rounds anything else up"],
  },
  "a flow table beyond the kernel's greatest": {
    object: setting(flowEntries, "1073741824"),
    says: ["spec.sysctls[0].value", "it must be 0 or a power of two up to 536870912"],
  },
  "a sysctl given twice": {
    object: limit({ sysctls: ["1", "2"].map((value) => ({ name: "net.core.netdev_budget", value })) }),
    says: ["spec.sysctls[1]: Duplicate value", "net.core.netdev_budget"],
  },
  "a window of no node": {
    object: limit({ rollout: { maxConcurrent: 0 } }),
    says: ["spec.rollout.maxConcurrent", window],
  },
  "a window of no per cent": {
    object: limit({ rollout: { maxConcurrent: "0%" } }),
    says: ["spec.rollout.maxConcurrent", window],
  },
  "a window of more than all nodes": {
    object: limit({ rollout: { maxConcurrent: "101%" } }),
    says: ["spec.rollout.maxConcurrent", window],
  },
  "a window in nodes within quotes": {
    object: limit({ rollout: { maxConcurrent: "5" } }),
    says: ["spec.rollout.maxConcurrent", window],
  },
  "a window that is true": {
    object: limit({ rollout: { maxConcurrent: true } }),
    says: ["spec.rollout.maxConcurrent", "must be of type integer"],
  },
  "canaries in per cent": {
    object: limit({ rollout: { canary: "10%" } }),
    says: ["spec.rollout.canary", "must be of type integer"],
  },
  "fewer canaries than none": {
    object: limit({ rollout: { canary: -1 } }),
    says: ["spec.rollout.canary", "should be greater than or equal to 0"],
  },
  "a pause without a unit": {
    object: limit({ rollout: { pauseBetween: "30" } }),
    says: ["spec.rollout.pauseBetween", `"30" ${duration("0s")}`],
  },
  "an empty pause": {
    object: limit({ rollout: { pauseBetween: "" } }),
    says: ["spec.rollout.pauseBetween", duration("0s")],
  },
  "a pause in days": {
    object: limit({ rollout: { pauseBetween: "2d" } }),
    says: ["spec.rollout.pauseBetween", `"2d" ${duration("0s")}`],
  },
  "a negative pause": {
    object: limit({ rollout: { pauseBetween: "-1s" } }),
    says: ["spec.rollout.pauseBetween", `"-1s" ${duration("0s")}`],
  },
  "a pause of more than a day": {
    object: limit({ rollout: { pauseBetween: "24h1s" } }),
    says: ["spec.rollout.pauseBetween", `"24h1s" ${duration("0s")}`],
  },
  "a deadline of no time": {
    object: limit({ rollout: { progressDeadline: "0s" } }),
    says: ["spec.rollout.progressDeadline", `"0s" ${duration("1s")}`],
  },
  "paused with a yes in quotes": {
    object: limit({ paused: "yes" }),
    says: ["spec.paused", "must be of type boolean"],
  },
  "a removal that does not exist": {
    object: limit({ onRemoval: "Delete" }),
    says: ["spec.onRemoval", 'Unsupported value: "Delete"', '"Restore", "Retain"'],
  },
  "a profile without a hash": {
    object: profile({ hash: undefined }),
    says: ["spec.hash: Required value"],
  },
  "a profile without its sources": {
    object: profile({ sources: undefined }),
    says: ["spec", "tuntap.maxQueues needs a source", "each sysctl needs a source"],
  },
  "a profile whose limit comes from nowhere": {
    object: profile({ sources: [{ ...source, keys: ["tuntap.maxQueuesPerVM"] }], sysctls: [] }),
    says: ["spec", "tuntap.maxQueues needs a source"],
  },
  "a profile whose limit for a VM comes from nowhere": {
    object: profile({ sources: [{ ...source, keys: ["tuntap.maxQueues"] }], sysctls: [] }),
    says: ["spec", "tuntap.maxQueuesPerVM needs a source"],
  },
  "a profile whose sysctl comes from nowhere": {
    object: profile({ sources: [source] }),
    says: ["spec", "each sysctl needs a source"],
  },
  "a profile that does not say how a limit ends": {
    object: profile({ tuntap: { maxQueues: 4, enforcement: "BestEffort" } }),
    says: ["spec.tuntap.onRemoval: Required value"],
  },
  "a profile that does not say how strict a limit is": {
    object: profile({ tuntap: { maxQueues: 4, onRemoval: "Restore" } }),
    says: ["spec.tuntap.enforcement: Required value"],
  },
  "a profile that sets a sysctl of another tree": {
    object: profile({
      sysctls: [{ ...backlog, name: "kernel.core_pattern" }],
      sources: [{ ...source, keys: [...source.keys, "kernel.core_pattern"] }],
    }),
    says: ["spec.sysctls[0].name", "must be a key of net.core"],
  },
  "a profile that names a config twice": {
    object: profile({ sources: [source, source], sysctls: [] }),
    says: ["spec.sources[1]: Duplicate value"],
  },
  "a profile that names a key of a config twice": {
    object: profile({ sources: [{ ...source, keys: [...source.keys, "tuntap.maxQueues"] }], sysctls: [] }),
    says: ["spec.sources[0].keys[2]: Duplicate value"],
  },
  "a profile from a config that was never written": {
    object: profile({ sources: [{ ...source, generation: 0 }], sysctls: [] }),
    says: ["spec.sources[0].generation", "should be greater than or equal to 1"],
  },
};
