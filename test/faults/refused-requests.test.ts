// The kernel refuses every request that ADD and DEL send to it over netlink, each once and with every errno that it may have.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Bed } from "../integration/bed.ts";
import { FakeAgent } from "../integration/fake-agent.ts";
import { testAftermath } from "./aftermath.ts";
import { reportOf } from "./bedded-program.ts";
import type { Report } from "./fault-program.ts";
import { failureOf, judgeEach } from "./judge.ts";
import { scenarios } from "./scenarios.ts";

let bed: Bed;
let agent: FakeAgent;
before(async () => {
  bed = await Bed.open();
  const tap = { kind: "tap", queues: 4, owner: 107, group: 107, tapName: "tap0", why: "4 vCPUs" } as const;
  agent = await FakeAgent.answering(bed, () => tap);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await bed[Symbol.asyncDispose]();
});

/** The codes that a refusal may come to; undefined is a success. */
const toleratedCodes: Readonly<Record<string, readonly (number | undefined)[]>> = {
  EPERM: [102],
  ENOMEM: [11],
  EBUSY: [102],
  // An absent link is an answer: nothing to replace or to remove, or a bridge that is not there.
  ENODEV: [undefined, 100, 102, 105],
};

for (const [name, { command }] of Object.entries(scenarios)) {
  if (command !== "ADD" && command !== "DEL") continue;
  describe(name, () => {
    let report: Report;
    before(async () => {
      report = await reportOf(bed, "fault-program.ts", "refuse", name);
    });

    test("fails with one document and the code that fits, and closes what it opened", (context) => {
      judgeEach(report, ({ event, performed }) => {
        const code = failureOf(performed)?.code;
        assert.ok(toleratedCodes[event]?.includes(code), `code ${code}`);
        assert.deepEqual(performed.stillOpen, []);
      });
      context.diagnostic(`${report.trials.length} refusals`);
    });

    testAftermath(command, () => report);
  });
}
