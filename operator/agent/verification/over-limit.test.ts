import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeLimits } from "../../../test/agent/objects.ts";
import type { NodeLimits } from "../sizing/caps.ts";
import { countOverLimit } from "./over-limit.ts";

const four = { maxQueues: 4 };
const cases: Record<string, { vms: Record<string, readonly number[]>; limits: Partial<NodeLimits>; count: number }> = {
  "counts nothing where nothing limits": { vms: { a: [8, 8] }, limits: {}, count: 0 },
  "counts a VM that has one queue too many": { vms: { a: [5], b: [4] }, limits: four, count: 1 },
  "counts a VM once, however many interfaces are above": { vms: { a: [8, 8, 8] }, limits: four, count: 1 },
  "goes by the kernel's limit where that is lower": { vms: { a: [4] }, limits: { ...four, kernelLimit: 3 }, count: 1 },
  "never counts 2 queues, since no cap goes below": { vms: { a: [2] }, limits: { kernelLimit: 1 }, count: 0 },
  "adds up a VM's multiqueue interfaces": {
    vms: { a: [4, 4, 4], b: [4, 4, 1] },
    limits: { maxQueuesPerVm: 8 },
    count: 1,
  },
  "allows 2 each beyond the total": { vms: { a: [2, 2, 2, 2, 2] }, limits: { maxQueuesPerVm: 8 }, count: 0 },
  "counts no VM that is not running": { vms: { a: [0, 0] }, limits: four, count: 0 },
};
for (const [sentence, { vms, limits, count }] of Object.entries(cases)) {
  test(`countOverLimit() ${sentence}`, () => {
    const interfaces = Object.entries(vms).flatMap(([vmiUid, opens]) => opens.map((open) => ({ vmiUid, open })));
    assert.equal(countOverLimit(interfaces, nodeLimits(limits)), count);
  });
}
