import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { delay, systemClock } from "./clock.ts";

describe("delay()", () => {
  it("ends when its time has come", async () => {
    const clock = new FakeClock();
    let isOver = false;
    const waiting = delay(clock, 1000).then(() => {
      isOver = true;
    });
    await clock.advance(999);
    assert.equal(isOver, false);
    await clock.advance(1);
    await waiting;
  });

  it("ends early, without an error and without a timer left, when aborted", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const waiting = delay(clock, 1000, controller.signal);
    controller.abort();
    await waiting;
    assert.deepEqual(clock.pendingMs, []);
    await delay(clock, 1000, controller.signal);
  });
});

describe("systemClock", () => {
  it("calls back once, unless cancelled, and takes delays longer than a timer holds", async () => {
    const calls: string[] = [];
    systemClock.after(0, () => calls.push("cancelled")).cancel();
    systemClock.after(2 ** 40, () => calls.push("too early")).cancel();
    const far = systemClock.after(2 ** 40, () => calls.push("too early"));
    await new Promise<void>((resolve) => systemClock.after(1, resolve));
    far.cancel();
    assert.deepEqual(calls, []);
  });

  it("never goes back", () => {
    const first = systemClock.monotonicMs();
    assert.ok(systemClock.monotonicMs() >= first);
    assert.ok(systemClock.now() instanceof Date);
  });
});
