// SIGKILL: before each system call of ADD, and at random moments of the built plugin.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Bed } from "../integration/bed.ts";
import { reservedAddresses } from "../integration/ipam-plugins.ts";
import { succeed } from "../integration/plugin.ts";
import { reportOf, runProgram } from "./bedded-program.ts";
import type { Report } from "./fault-program.ts";
import type { KillPlan, KillReport } from "./random-kills.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
});
after(async () => {
  await bed[Symbol.asyncDispose]();
});

describe("a plugin that is killed", () => {
  test("before any of its system calls leaves nothing, or a whole tap that DEL removes", async (context) => {
    const name = "ADD of a tap with everything";
    const { undisturbed } = await reportOf<Report>(bed, "fault-program.ts", "plain", name);
    const { steps } = undisturbed.performed;
    const persisted = steps.findLastIndex(({ call }) => call === "ioctl");
    const netns = await bed.addNamespace("pod");
    await bed.must("ip", "-n", "pod", "link", "add", "br0", "type", "bridge");
    for (const at of steps.keys()) {
      const killed = await runProgram(bed, "fault-program.ts", "kill", name, String(at));
      assert.equal(killed.status, null, killed.stderr);
      const tap = await bed.link("pod", "eth0");
      assert.equal(tap !== undefined, at > persisted, `before call ${at}`);
      if (at % 2 === 0) await succeed(bed, { command: "ADD", netns, conf: { queues: 4 } });
      await succeed(bed, { command: "DEL", netns });
      assert.equal((await bed.links("pod")).length, 2);
    }
    await bed.must("ip", "netns", "del", "pod");
    context.diagnostic(`${steps.length} moments; the tap is there after call ${persisted}`);
  });

  test("150 times at random in an ADD with addresses leaves no address reserved either, once host-local has ended", async (context) => {
    const ipam = { type: "host-local", ranges: [[{ subnet: "10.1.0.0/16" }], [{ subnet: "fd00:1::/64" }]] };
    const plan: KillPlan = {
      plugin: "/run/bin/mqtap",
      conf: { ipam },
      kills: 150,
      seed: Math.floor(Math.random() * 2 ** 31),
    };
    context.diagnostic(`seed ${plan.seed}`);
    const report = await reportOf<KillReport>(bed, "kill-program.ts", JSON.stringify(plan));
    const { leftovers, failedRetries, failedDeletions, hits } = report;
    const reserved = await reservedAddresses(bed);
    assert.deepEqual(
      { leftovers, failedRetries, failedDeletions, reserved },
      { leftovers: 0, failedRetries: 0, failedDeletions: 0, reserved: [] },
    );
    assert.ok(hits > 40, `only ${hits} of 150 were alive when they were killed`);
    context.diagnostic(`an ADD takes ${report.addMs.toFixed(1)} ms; ${hits} of 150 were killed in it`);
  });

  test("100 times at random leaves nothing that DEL does not remove, and the next ADD succeeds", async (context) => {
    const plan: KillPlan = {
      plugin: "/run/bin/mqtap",
      conf: { queues: 4, mtu: 1400 },
      kills: 100,
      seed: Math.floor(Math.random() * 2 ** 31),
    };
    context.diagnostic(`seed ${plan.seed}`);
    const report = await reportOf<KillReport>(bed, "kill-program.ts", JSON.stringify(plan));
    const { leftovers, failedRetries, failedDeletions, hits } = report;
    assert.deepEqual(
      { leftovers, failedRetries, failedDeletions },
      { leftovers: 0, failedRetries: 0, failedDeletions: 0 },
    );
    assert.ok(hits > 30, `only ${hits} of 100 were alive when they were killed`);
    context.diagnostic(`an ADD takes ${report.addMs.toFixed(1)} ms; ${hits} of 100 were killed in it`);
  });
});
