// Where each field of a NodeNetworkConfig's spec goes: into the profiles, or nowhere because it is the controller's own.
// The agent reads profiles alone, so a field missing here would be one that silently does nothing; a test looks.

/** Fields of a config, and the fields of a profile that carry their resolved value. */
export const renderedFields = {
  "tuntap.maxQueues": ["tuntap.maxQueues"],
  "tuntap.maxQueuesPerVM": ["tuntap.maxQueuesPerVM"],
  "tuntap.enforcement": ["tuntap.enforcement"],
  "sysctls[].name": ["sysctls[].name"],
  "sysctls[].value": ["sysctls[].value"],
  onRemoval: ["tuntap.onRemoval", "sysctls[].onRemoval"],
} as const;

/** Fields of a config that decide which nodes get a value, and when: no agent needs them. */
export const controllerFields = [
  "nodeSelector",
  "priority",
  "rollout.maxConcurrent",
  "rollout.canary",
  "rollout.pauseBetween",
  "rollout.progressDeadline",
  "paused",
] as const;

/** Fields of a profile that come from no single field of a config. */
export const bookkeepingFields = ["sources", "hash"] as const;
