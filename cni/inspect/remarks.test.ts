import assert from "node:assert/strict";
import { test } from "node:test";
import { reportedTap } from "../../test/fakes/tap-report.ts";
import { remarksOn } from "./remarks.ts";
import type { TapReport } from "./report.ts";

const tap: TapReport = { ...reportedTap, master: undefined, alias: undefined, estimatedMemoryBytes: 300_000 };
const costly = { qdisc: "mq", estimatedMemoryBytes: 6_700_000 };

const cases: Record<string, { change: Partial<TapReport>; remarks: readonly RegExp[] }> = {
  "nothing of a tap that is as it should be": { change: {}, remarks: [] },
  "nothing of queues that the guest enables later": { change: { attachedQueues: 1, disabledQueues: 3 }, remarks: [] },
  "nothing of a tap that nobody opened": { change: { attachedQueues: 0, isOpen: false }, remarks: [] },
  "more queues than were meant": {
    change: { attachedQueues: 1, disabledQueues: 7 },
    remarks: [/^8 queues are open, 4 were/],
  },
  "a flag that does not fit": {
    change: { mark: { mode: "adopted", queues: 1 }, attachedQueues: 0 },
    remarks: [/^it is multiqueue, which does not fit 1 queue:/],
  },
  "a missing flag": {
    change: { isMultiQueue: false, attachedQueues: undefined, disabledQueues: undefined },
    remarks: [/^it is not multiqueue, which does not fit 4 queues:/],
  },
  "a costly qdisc": { change: costly, remarks: [/^its qdisc "mq" takes nearly all of the 6\.4 MiB: /] },
  "nothing of foreign taps": { change: { ...costly, mark: undefined }, remarks: [] },
};
for (const [what, { change, remarks }] of Object.entries(cases)) {
  test(`remarksOn() tells ${what}`, () => {
    const told = remarksOn({ ...tap, ...change });
    assert.equal(told.length, remarks.length, told.join("\n"));
    for (const [at, remark] of remarks.entries()) assert.match(told[at] ?? "", remark);
  });
}
