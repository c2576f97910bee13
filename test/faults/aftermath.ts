// The tests of what remains after a call was interfered with: the same whatever the interference was.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "./fault-program.ts";
import { assertAllOrNothing, assertDeleted, judgeEach } from "./judge.ts";

/** Adds them to the suite that is being described; `reportOf` is asked when they run. */
export function testAftermath(command: string, reportOf: () => Report): void {
  if (command === "ADD") {
    test("makes the tap whole or not at all", () => {
      const report = reportOf();
      judgeEach(report, (trial) => assertAllOrNothing(trial, report));
    });
  }

  test("succeeds when it is asked again", () => {
    const report = reportOf();
    judgeEach(report, ({ repeated, afterRepeated }) => {
      assert.deepEqual([repeated.exitStatus, repeated.stillOpen], [0, []], repeated.stdout);
      assert.equal(afterRepeated.length, report.undisturbed.after.length);
    });
  });

  test("leaves nothing that DEL does not remove", () => judgeEach(reportOf(), assertDeleted));
}
