import assert from "node:assert/strict";
import { test } from "node:test";
import { estimateMemoryBytes, type TapShape } from "./memory.ts";

const multi: TapShape = { isMultiQueue: true, queues: 0, qdisc: "noqueue", txQueueLength: 1000 };
const single: TapShape = { ...multi, isMultiQueue: false };

// SUnreclaim per tap in KiB, Linux 6.18: 32 to 40 taps of each shape, before and after.
const measured: Record<string, { shape: TapShape; kib: number; within: number }> = {
  "multiqueue, never up": { shape: { ...multi, qdisc: "noop" }, kib: 236, within: 0.1 },
  "multiqueue, noqueue": { shape: multi, kib: 225, within: 0.1 },
  "multiqueue, noqueue, one queue open": { shape: { ...multi, queues: 1 }, kib: 235, within: 0.1 },
  "multiqueue, 8 queues open": { shape: { ...multi, queues: 8 }, kib: 341, within: 0.1 },
  "multiqueue, 256 queues open": { shape: { ...multi, queues: 256 }, kib: 3125, within: 0.1 },
  "multiqueue, mq": { shape: { ...multi, qdisc: "mq" }, kib: 6581, within: 0.1 },
  "multiqueue, mq, queues of 500": { shape: { ...multi, qdisc: "mq", txQueueLength: 500 }, kib: 3493, within: 0.1 },
  "multiqueue, mq, queues of 100": { shape: { ...multi, qdisc: "mq", txQueueLength: 100 }, kib: 1223, within: 0.1 },
  "multiqueue, one pfifo": { shape: { ...multi, qdisc: "pfifo" }, kib: 243, within: 0.1 },
  "single, never up": { shape: { ...single, qdisc: "noop" }, kib: 36, within: 0.35 },
  "single, noqueue": { shape: single, kib: 27, within: 0.35 },
  "single, pfifo_fast": { shape: { ...single, qdisc: "pfifo_fast" }, kib: 51, within: 0.35 },
  "single, pfifo_fast, open": { shape: { ...single, qdisc: "pfifo_fast", queues: 1 }, kib: 56, within: 0.35 },
};

for (const [what, { shape, kib, within }] of Object.entries(measured)) {
  test(`estimateMemoryBytes() is near what was measured: ${what}`, () => {
    const estimate = (estimateMemoryBytes(shape) ?? 0) / 1024;
    assert.ok(Math.abs(estimate - kib) <= kib * within, `${estimate} instead of ${kib} KiB`);
  });
}

test("estimateMemoryBytes() does not invent a figure for a qdisc that nobody measured", () => {
  for (const qdisc of ["htb", "", "toString", undefined])
    assert.equal(estimateMemoryBytes({ ...multi, qdisc }), undefined);
});

test("estimateMemoryBytes() counts no ring where queues hold nothing", () => {
  assert.equal(estimateMemoryBytes({ ...multi, queues: 10, txQueueLength: 0 }), 240 * 1024 + 32 * 1024);
});
