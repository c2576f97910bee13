import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelLimitOf, nodeLimitsOf, sourceOf } from "./limits.ts";

const spec = {
  tuntap: { maxQueues: 4, maxQueuesPerVM: 32, enforcement: "Required" as const, onRemoval: "Restore" as const },
  sysctls: [],
  sources: [
    { config: "dense", keys: ["tuntap.maxQueues"], generation: 1 },
    { config: "vms", keys: ["tuntap.maxQueuesPerVM"], generation: 1 },
  ],
  hash: "h",
};

test("nodeLimitsOf() names where each limit comes from", () => {
  const limits = nodeLimitsOf({ spec, enforcedBy: "Sysctl", kernel: "4", kernelSysctl: "net/tuntap/max_queues" });
  assert.deepEqual(limits, {
    maxQueues: 4,
    maxQueuesSource: "NodeNetworkConfig/dense",
    maxQueuesPerVm: 32,
    maxQueuesPerVmSource: "NodeNetworkConfig/vms",
    enforcement: "Required",
    kernelLimit: 4,
    kernelSysctl: "net/tuntap/max_queues",
    hasBackend: true,
  });
});

test("nodeLimitsOf() without a profile knows the kernel alone", () => {
  const limits = nodeLimitsOf({ spec: undefined, enforcedBy: undefined, kernel: "16", kernelSysctl: "x" });
  assert.deepEqual([limits.maxQueues, limits.kernelLimit, limits.hasBackend], [undefined, 16, false]);
  assert.equal(sourceOf(undefined, "tuntap.maxQueues"), "none");
});

test("an advisory limit is no backend", () => {
  assert.equal(nodeLimitsOf({ spec, enforcedBy: "Advisory", kernel: undefined, kernelSysctl: "x" }).hasBackend, false);
});

for (const [text, limit] of Object.entries({ "256": 256, "0": 0, "": undefined, "-1": undefined, max: undefined })) {
  test(`kernelLimitOf() reads "${text}" as ${limit}`, () => assert.equal(kernelLimitOf(text), limit));
}
