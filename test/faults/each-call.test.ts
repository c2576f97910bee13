// Every system call of every verb fails once with every shortage and refusal that a node knows; in scenarios that are sampled
// (scenarios.ts) with at least one of them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Bed } from "../integration/bed.ts";
import { FakeAgent } from "../integration/fake-agent.ts";
import { testAftermath } from "./aftermath.ts";
import { reportOf } from "./bedded-program.ts";
import type { Report, Trial } from "./fault-program.ts";
import { failureOf, judgeEach } from "./judge.ts";
import { scenarios } from "./scenarios.ts";

let bed: Bed;
let agent: FakeAgent;
before(async () => {
  bed = await Bed.open();
  bed.write("/var/lib/mqtap/node.json", '{"maxQueues":64,"source":"test","sysctlPath":"/run/sysctl/max_queues"}');
  bed.write("/run/sysctl/max_queues", "32\n");
  const tap = { kind: "tap", queues: 4, owner: 107, group: 107, tapName: "tap0", why: "4 vCPUs" } as const;
  agent = await FakeAgent.answering(bed, () => tap);
});
after(async () => {
  await agent[Symbol.asyncDispose]();
  await bed[Symbol.asyncDispose]();
});

/** The codes a call may fail with; undefined is a success. */
function toleratedCodes({ step, event }: Trial, command: string): readonly (number | undefined)[] {
  const { call, about } = step;
  // Asked again by itself: netlink and poll after EINTR, the agent after anything.
  if (call === "connect" && command !== "STATUS") return [undefined];
  if (event === "EINTR" && ["send", "recv", "poll"].includes(call)) return [undefined];
  // Nobody goes without network for want of a log.
  if (/^\/(var\/log|proc\/self\/stat$)/.test(about)) return [undefined];
  if (event === "EPERM") return codesOfRefusal(step, command);
  return command === "GC" ? [11, 106] : [11];
}

function codesOfRefusal({ call, about }: Trial["step"], command: string): readonly (number | undefined)[] {
  // The node's limit: what one may not read is said and counts as absent; a shortage passes. ARP is worth no pod's network, and
  // the host's namespace may be one that one may not see.
  if (/node\.json$|max_queues$|\/arp_notify$|^\/proc\/1\/ns\/net$/.test(about)) return [undefined];
  // A policy that one may not read allows nothing; DEL and GC go on with the defaults.
  if (about.endsWith("policy.json")) return { GC: [undefined, 106], DEL: [undefined] }[command] ?? [108];
  if (about.endsWith("/host-local")) return [call === "stat" ? 121 : 120];
  return command === "GC" ? [102, 106] : [102];
}

for (const [name, { command }] of Object.entries(scenarios)) {
  describe(name, () => {
    let report: Report;
    before(async () => {
      report = await reportOf(bed, "fault-program.ts", "fail", name);
    });

    test("succeeds when nothing fails", () => {
      const { exitStatus, stdout, stillOpen } = report.undisturbed.performed;
      assert.deepEqual([exitStatus, stillOpen], [0, []], stdout);
    });

    test("fails with one document and the code that fits, or goes on where it may", (context) => {
      judgeEach(report, (trial) => {
        const code = failureOf(trial.performed)?.code;
        assert.ok(toleratedCodes(trial, command).includes(code), `code ${code}`);
      });
      context.diagnostic(`${report.undisturbed.performed.steps.length} calls, ${report.trials.length} failures`);
    });

    test("closes what it opened", () => {
      judgeEach(report, (trial) => {
        // A thread that cannot go back may not even close what it opened over there: the process ends.
        const isStuck = trial.performed.stdout.includes("cannot return to the own network namespace");
        if (!isStuck) assert.deepEqual(trial.performed.stillOpen, []);
      });
    });

    testAftermath(command, () => report);
  });
}
