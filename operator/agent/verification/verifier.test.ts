import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeLimits } from "../../../test/agent/objects.ts";
import { attachmentOf, idA, idB, netns, reportOf } from "../../../test/agent/taps.ts";
import { opens, running, verifierBed } from "../../../test/agent/verifier-bed.ts";
import { InventoryError } from "../inventory.ts";

describe("Verifier", () => {
  test("looks at once and then at the interval", async (t) => {
    const { world, set, clock } = verifierBed(t);
    set({ report: reportOf([opens(4)]) });
    await clock.advance(2_000);
    await clock.advance(48_000);
    assert.deepEqual(world.lookedAtMs, [0, 2_000, 26_000, 50_000]);
  });

  test("runs no plugin where there is no attachment, and counts 0", async (t) => {
    const { world, verifier, clock } = verifierBed(t, {});
    await clock.advance(120_000);
    assert.deepEqual([world.lookedAtMs, verifier.overLimit, world.told], [[], 0, [0]]);
  });

  test("looks 2, 5, 10 and 20 s after each other for a tap that an ADD was promised", async (t) => {
    const { world, clock, add } = verifierBed(t, {});
    await clock.advance(10_000);
    add(idA, attachmentOf());
    await clock.advance(1_000);
    add(idB, attachmentOf({ podUid: "p2" }));
    await clock.advance(70_000);
    assert.deepEqual(world.lookedAtMs, [12_000, 17_000, 27_000, 47_000, 71_000]);
  });

  test("believes a count when it has seen it twice, and says it once", async (t) => {
    const { set, clock, reasons } = verifierBed(t);
    set({ report: reportOf([opens(3)]) });
    await clock.advance(0);
    set({ report: reportOf([opens(8)]) });
    await clock.advance(2_000);
    assert.deepEqual(reasons(), []);
    await clock.advance(2_000);
    assert.deepEqual(reasons(), ["CapNotApplied"]);
    await clock.advance(300_000);
    assert.deepEqual(reasons(), ["CapNotApplied"]);
  });

  test("counts a VM over the limit, and tells it at most once a minute", async (t) => {
    const { world, set, clock, verifier } = verifierBed(t);
    set({ report: reportOf([opens(0)]) });
    await clock.advance(5_000);
    set({ report: reportOf([opens(8)]) });
    await clock.advance(25_000);
    assert.deepEqual([verifier.overLimit, world.told], [1, [0, 1]]);
    set({ report: reportOf([opens(0)]) });
    await clock.advance(40_000);
    assert.equal(verifier.overLimit, 1);
    await clock.advance(20_000);
    assert.deepEqual([verifier.overLimit, world.told], [0, [0, 1, 0]]);
    // Its timer is still running when the agent ends.
    set({ report: reportOf([opens(8)]) });
    await clock.advance(30_000);
    assert.equal(verifier.overLimit, 0);
  });

  test("says nothing before it believes a count, so that a restart does not look like 0", async (t) => {
    const { set, clock, verifier, world } = verifierBed(t);
    set({ report: reportOf([opens(8)]) });
    await clock.advance(0);
    assert.equal(verifier.overLimit, undefined);
    await clock.advance(2_000);
    assert.deepEqual([verifier.overLimit, world.told], [1, [1]]);
  });

  test("counts anew when the node's limits change", async (t) => {
    const { set, clock, verifier, world } = verifierBed(t);
    set({ report: reportOf([opens(4)]), limits: undefined });
    await clock.advance(5_000);
    assert.equal(verifier.overLimit, undefined);
    set({ limits: nodeLimits({ maxQueues: 3 }) });
    verifier.recount();
    assert.deepEqual([verifier.overLimit, world.told], [1, [1]]);
  });

  test("serves what it found as metrics", async (t) => {
    const { set, clock, metrics } = verifierBed(t);
    set({ report: reportOf([opens(8)]) });
    await clock.advance(5_000);
    const text = metrics.render();
    for (const line of [
      "mqtap_vms_over_limit 1",
      'mqtap_taps{verdict="over"} 1',
      'mqtap_taps{verdict="capped"} 0',
      'mqtap_inspections_total{result="complete"} 2',
      'mqtap_verifications_total{reason="CapNotApplied",cause="hook-without-effect"} 1',
    ]) {
      assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`);
    }
  });

  test("keeps what it knows through a failure, and reports the third in a row", async (t) => {
    const { set, clock, verifier, lines, world } = verifierBed(t);
    set({ report: reportOf([opens(8)]) });
    await clock.advance(5_000);
    set({ report: new InventoryError("cannot count: EIO") });
    await clock.advance(60_000);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], 1]);
    await clock.advance(24_000);
    assert.deepEqual(verifier.problems(), [{ reason: "InspectionFailed", message: "cannot count: EIO" }]);
    assert.equal(verifier.overLimit, null);
    assert.equal(lines.filter(({ level }) => level === "warn").length, 2);
    assert.deepEqual(Object.keys(world.state.attachments), [idA]);
    set({ report: reportOf([opens(8)]) });
    await clock.advance(60_000);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], 1]);
  });

  test("does not report a plugin that is not installed yet", async (t) => {
    const { set, clock, verifier, lines } = verifierBed(t);
    set({ report: new InventoryError("not there", { isAbsent: true }) });
    await clock.advance(300_000);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], null]);
    assert.equal(lines.filter(({ level }) => level === "warn").length, 1);
  });

  test("does not call 0 what it cannot see, and says so", async (t) => {
    const { set, clock, verifier } = verifierBed(t);
    set({ pod: new Error("ECONNREFUSED") });
    await clock.advance(30_000);
    assert.deepEqual([verifier.overLimit, verifier.problems()], [undefined, []]);
    set({ pod: running });
    await clock.advance(30_000);
    assert.equal(verifier.overLimit, null);
    assert.match(verifier.problems()[0]?.message ?? "", /mountPropagation HostToContainer/);
    set({ report: reportOf([opens(4)]) });
    await clock.advance(30_000);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], 0]);
  });

  test("misses no tap of a running VM whose other tap it sees: an interface may be unplugged", async (t) => {
    const both = { [idA]: attachmentOf(), [idB]: attachmentOf({ network: "blue", tapName: "tap1" }) };
    const { set, clock, verifier } = verifierBed(t, both);
    set({ pod: running, report: reportOf([opens(4)]) });
    await clock.advance(30_000);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], 0]);
  });

  test("calls 0 what has no tap because its VM does not run", async (t) => {
    const { clock, verifier } = verifierBed(t);
    await clock.advance(0);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], 0]);
  });

  test("writes the state only when there is something to remember, and goes on where it cannot", async (t) => {
    const { world, set, clock, reasons, lines } = verifierBed(t);
    set({ report: reportOf([opens(4)]), diskFails: true });
    await clock.advance(300_000);
    assert.deepEqual([world.written, reasons()], [2, ["QueuesCapped"]]);
    assert.equal(lines.filter(({ msg }) => msg === "cannot remember what was verified").length, 2);
  });

  test("remembers across a restart what it said", async (t) => {
    const { reasons, set, clock } = verifierBed(t, { [idA]: attachmentOf({ netns, said: ["QueuesCapped"] }) });
    set({ report: reportOf([opens(4)]) });
    await clock.advance(60_000);
    assert.deepEqual(reasons(), []);
  });

  test("looks no more than a few times in a row at queues that come and go", async (t) => {
    const { world, set, clock } = verifierBed(t);
    for (let second = 0; second < 60; second += 1) {
      set({ report: reportOf([opens(second % 7)]) });
      await clock.advance(1_000);
    }
    assert.ok(world.lookedAtMs.length < 9, `${world.lookedAtMs}`);
  });
});
