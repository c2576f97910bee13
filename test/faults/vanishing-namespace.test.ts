// The pod's namespace goes before each system call: its file is removed, left as a plain file, or leads to another namespace.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Bed } from "../integration/bed.ts";
import { reportOf } from "./bedded-program.ts";
import type { Report } from "./fault-program.ts";
import { assertAllOrNothing, type assertDeleted, failureOf, judgeEach } from "./judge.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

const names = [
  "ADD of a tap with everything",
  "ADD with addresses",
  "DEL of a tap",
  "DEL with addresses",
  "CHECK of a tap",
  "GC of a tap that nobody needs",
];

for (const name of names) {
  describe(name, () => {
    let report: Report;
    before(async () => {
      report = await reportOf(bed, "fault-program.ts", "vanish", name);
    });

    test("sees that the namespace is gone, or does not care any more", () => {
      judgeEach(report, ({ performed }) => {
        assert.ok([undefined, 8, 104, 105].includes(failureOf(performed)?.code));
        assert.deepEqual(performed.stillOpen, []);
      });
    });

    if (name.startsWith("ADD")) {
      test("makes the tap whole in one namespace, or not at all", () => {
        judgeEach(report, (trial) => assertAllOrNothing(trial, report));
      });
    }

    test("goes on without it when it is asked again", () => {
      judgeEach(report, ({ repeated }) => {
        assert.ok([undefined, 8, 104, 105].includes(failureOf(repeated)?.code), repeated.stdout);
      });
    });

    if (!name.startsWith("GC")) test("succeeds with a late DEL", () => judgeEach(report, assertLateDeletion));
  });
}

/** What DEL cannot reach any more goes with the namespace. */
function assertLateDeletion({ deleted }: Parameters<typeof assertDeleted>[0]): void {
  assert.deepEqual([deleted.exitStatus, deleted.stdout, deleted.stillOpen], [0, "", []]);
}
