import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { InspectReport } from "../../../cni/inspect/report.ts";
import { nodeLimits, podObject } from "../../../test/agent/objects.ts";
import { aliasOf, attachmentOf, idA, idB, netns, reportOf, tapOf } from "../../../test/agent/taps.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createMemoryLog } from "../../../test/fakes/memory-log.ts";
import type { NewEvent } from "../../kube/events.ts";
import { createMetricsRegistry } from "../../kube/metrics.ts";
import { InventoryError } from "../inventory.ts";
import type { NodeLimits } from "../sizing/caps.ts";
import { type LauncherPod, parsePod } from "../sizing/pod.ts";
import { type AgentState, type Attachment, emptyState, withAttachment } from "../state.ts";
import { Verifier } from "./verifier.ts";

const four = nodeLimits({ maxQueues: 4 });
const opens = (queues: number, id = idA, place = netns) =>
  tapOf({ attachedQueues: queues, alias: aliasOf(id), netns: place });
const pending = parsePod(podObject());
const running: LauncherPod = { ...pending, isRunning: true };

/** A verifier on a node whose taps, pods and limits the test sets. */
function bed(t: TestContext, attachments: Readonly<Record<string, Attachment>> = { [idA]: attachmentOf() }) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const { log, lines } = createMemoryLog();
  const events: NewEvent[] = [];
  const metrics = createMetricsRegistry();
  const world = {
    report: reportOf([]) as InspectReport | Error,
    pod: pending as LauncherPod | undefined | Error,
    limits: four as NodeLimits | undefined,
    state: { ...emptyState("b1"), attachments } as AgentState,
    lookedAtMs: [] as number[],
    asked: 0,
    written: 0,
    diskFails: false,
    told: [] as (number | null | undefined)[],
  };
  const answer = <T>(value: T | Error): Promise<T> =>
    value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
  const verifier: Verifier = new Verifier({
    take: () => {
      world.lookedAtMs.push(clock.monotonicMs());
      return answer(world.report);
    },
    store: {
      get state() {
        return world.state;
      },
      change: (change) => {
        world.state = change(world.state);
        world.written += 1;
        return world.diskFails ? Promise.reject(new Error("ENOSPC")) : Promise.resolve();
      },
    },
    cluster: {
      pod: () => {
        world.asked += 1;
        return answer(world.pod);
      },
    },
    limits: () => world.limits,
    events: { record: (event) => void events.push(event) },
    ...{ metrics, clock, log, signal: stop.signal },
    random: () => 0,
    intervalMs: 30_000,
    overLimitIntervalMs: 60_000,
    onOverLimit: () => world.told.push(verifier.overLimit),
  });
  const ended = verifier.run();
  t.after(async () => {
    stop.abort();
    await ended;
    assert.deepEqual(clock.pendingMs, []);
  });
  const reasons = () => events.map(({ reason }) => reason);
  const add = (id: string, attachment: Attachment): void => {
    verifier.expect();
    world.state = withAttachment(world.state, id, attachment);
  };
  const set = (part: Partial<typeof world>): void => void Object.assign(world, part);
  return { world, set, verifier, clock, events, reasons, lines, metrics, add };
}

describe("Verifier", () => {
  test("looks at once and then at the interval", async (t) => {
    const { world, set, clock } = bed(t);
    set({ report: reportOf([opens(4)]) });
    await clock.advance(2_000);
    await clock.advance(48_000);
    assert.deepEqual(world.lookedAtMs, [0, 2_000, 26_000, 50_000]);
  });

  test("runs no plugin where there is no attachment, and counts 0", async (t) => {
    const { world, verifier, clock } = bed(t, {});
    await clock.advance(120_000);
    assert.deepEqual([world.lookedAtMs, verifier.overLimit, world.told], [[], 0, [0]]);
  });

  test("looks 2, 5, 10 and 20 s after each other for a tap that an ADD was promised", async (t) => {
    const { world, clock, add } = bed(t, {});
    await clock.advance(10_000);
    add(idA, attachmentOf());
    await clock.advance(1_000);
    add(idB, attachmentOf({ podUid: "p2" }));
    await clock.advance(70_000);
    assert.deepEqual(world.lookedAtMs, [12_000, 17_000, 27_000, 47_000, 71_000]);
  });

  test("believes a count when it has seen it twice, and says it once", async (t) => {
    const { set, clock, reasons } = bed(t);
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
    const { world, set, clock, verifier } = bed(t);
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
    const { set, clock, verifier, world } = bed(t);
    set({ report: reportOf([opens(8)]) });
    await clock.advance(0);
    assert.equal(verifier.overLimit, undefined);
    await clock.advance(2_000);
    assert.deepEqual([verifier.overLimit, world.told], [1, [1]]);
  });

  test("counts anew when the node's limits change", async (t) => {
    const { set, clock, verifier, world } = bed(t);
    set({ report: reportOf([opens(4)]), limits: undefined });
    await clock.advance(5_000);
    assert.equal(verifier.overLimit, undefined);
    set({ limits: nodeLimits({ maxQueues: 3 }) });
    verifier.recount();
    assert.deepEqual([verifier.overLimit, world.told], [1, [1]]);
  });

  test("serves what it found as metrics", async (t) => {
    const { set, clock, metrics } = bed(t);
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
    const { set, clock, verifier, lines, world } = bed(t);
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
    const { set, clock, verifier, lines } = bed(t);
    set({ report: new InventoryError("not there", { isAbsent: true }) });
    await clock.advance(300_000);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], null]);
    assert.equal(lines.filter(({ level }) => level === "warn").length, 1);
  });

  test("does not call 0 what it cannot see, and says so", async (t) => {
    const { set, clock, verifier } = bed(t);
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
    const { set, clock, verifier } = bed(t, both);
    set({ pod: running, report: reportOf([opens(4)]) });
    await clock.advance(30_000);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], 0]);
  });

  test("calls 0 what has no tap because its VM does not run", async (t) => {
    const { clock, verifier } = bed(t);
    await clock.advance(0);
    assert.deepEqual([verifier.problems(), verifier.overLimit], [[], 0]);
  });

  test("forgets an attachment soon when the pod goes just after its tap", async (t) => {
    const { world, set, clock } = bed(t);
    await clock.advance(0);
    assert.deepEqual([world.asked, Object.keys(world.state.attachments)], [1, [idA]]);
    set({ pod: undefined });
    await clock.advance(70_000);
    assert.deepEqual([world.asked, Object.keys(world.state.attachments)], [2, []]);
  });

  test("asks for a pod that stays ever more rarely, every five minutes in the end", async (t) => {
    const { world, clock } = bed(t);
    await clock.advance(900_000);
    const before = world.asked;
    assert.ok(before <= 6, `${before}`);
    await clock.advance(3_000_000);
    assert.ok(world.asked - before >= 8 && world.asked - before <= 10, `${world.asked - before}`);
  });

  test("takes a pod of the same name and another uid for another one", async (t) => {
    const { world, set, clock } = bed(t);
    set({ pod: { ...pending, uid: "p2" } });
    await clock.advance(0);
    assert.deepEqual(world.state.attachments, {});
  });

  const kept: Record<string, Partial<ReturnType<typeof bed>["world"]>> = {
    "while the tap is there": { report: reportOf([opens(0)]), pod: undefined },
    "while the inspection fails": { report: new Error("EIO"), pod: undefined },
    "while its namespace cannot be read": { report: reportOf([], [{ netns, why: "EIO" }]), pod: undefined },
    "while the API server does not answer": { pod: new Error("ECONNREFUSED") },
    "while the pod exists": { pod: running },
  };
  for (const [sentence, part] of Object.entries(kept)) {
    test(`forgets no attachment ${sentence}`, async (t) => {
      const { world, set, clock } = bed(t);
      set(part);
      await clock.advance(900_000);
      assert.deepEqual(Object.keys(world.state.attachments), [idA]);
    });
  }

  test("asks for few pods at a time", async (t) => {
    const many = Array.from({ length: 40 }, (_, index) => [`${index}`, attachmentOf({ podUid: `${index}` })] as const);
    const { world, set, clock } = bed(t, Object.fromEntries(many));
    set({ pod: undefined });
    await clock.advance(0);
    assert.equal(world.asked, 16);
    await clock.advance(60_000);
    assert.deepEqual([world.asked, world.state.attachments], [40, {}]);
  });

  test("writes the state only when there is something to remember, and goes on where it cannot", async (t) => {
    const { world, set, clock, reasons, lines } = bed(t);
    set({ report: reportOf([opens(4)]), diskFails: true });
    await clock.advance(300_000);
    assert.deepEqual([world.written, reasons()], [2, ["QueuesCapped"]]);
    assert.equal(lines.filter(({ msg }) => msg === "cannot remember what was verified").length, 2);
  });

  test("remembers across a restart what it said", async (t) => {
    const { reasons, set, clock } = bed(t, { [idA]: attachmentOf({ netns, said: ["QueuesCapped"] }) });
    set({ report: reportOf([opens(4)]) });
    await clock.advance(60_000);
    assert.deepEqual(reasons(), []);
  });

  test("looks no more than a few times in a row at queues that come and go", async (t) => {
    const { world, set, clock } = bed(t);
    for (let second = 0; second < 60; second += 1) {
      set({ report: reportOf([opens(second % 7)]) });
      await clock.advance(1_000);
    }
    assert.ok(world.lookedAtMs.length < 9, `${world.lookedAtMs}`);
  });
});
