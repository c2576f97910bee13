// ADD with an SELinux label that cannot be had, while each of its calls fails as well: whatever comes first, no tap stays.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Bed } from "../integration/bed.ts";
import { reportOf } from "./bedded-program.ts";
import type { Report } from "./fault-program.ts";
import { assertDeleted, failureOf, judgeEach } from "./judge.ts";
import { refusedLabel } from "./scenarios.ts";

describe(refusedLabel, () => {
  let bed: Bed;
  let report: Report;
  before(async () => {
    bed = await Bed.open();
    report = await reportOf(bed, "fault-program.ts", "fail", refusedLabel);
  });
  after(() => bed[Symbol.asyncDispose]());

  test("fails when nothing else does, and says why", () => {
    const { performed, after: left } = report.undisturbed;
    assert.equal(failureOf(performed)?.code, 2);
    assert.match(failureOf(performed)?.msg ?? "", /^unsupported field "selinuxContext": "nobody_u:/);
    assert.deepEqual([performed.stillOpen, left], [[], []]);
    assert.ok(performed.steps.some(({ call }) => call === "execve"));
  });

  test("fails whatever else fails, with nothing left and nothing open", () => {
    judgeEach(report, ({ performed, after: left, repeated }) => {
      const codes = [failureOf(performed)?.code, failureOf(repeated)?.code];
      assert.ok([2, 11, 102, 108].includes(codes[0] ?? 0), `code ${codes[0]}`);
      assert.deepEqual([codes[1], left], [2, []]);
      // A thread that cannot go back may not even close what it opened over there: the process ends.
      const isStuck = performed.stdout.includes("cannot return to the own network namespace");
      if (!isStuck) assert.deepEqual(performed.stillOpen, []);
    });
  });

  test("is forgotten by DEL", () => judgeEach(report, assertDeleted));
});
