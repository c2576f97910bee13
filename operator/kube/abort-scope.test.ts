import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { openAbortScope } from "./abort-scope.ts";

describe("openAbortScope()", () => {
  it("follows whichever parent is aborted, with its reason", () => {
    const clock = new FakeClock();
    const [a, b] = [new AbortController(), new AbortController()];
    using scope = openAbortScope({ clock, parents: [a.signal, undefined, b.signal] });
    assert.equal(scope.signal.aborted, false);
    b.abort("b");
    assert.equal(scope.signal.reason, "b");
  });

  it("is aborted from the start when a parent is", () => {
    using scope = openAbortScope({ clock: new FakeClock(), parents: [AbortSignal.abort("before")] });
    assert.equal(scope.signal.reason, "before");
  });

  it("ends at its time limit, which can be moved and lifted", async () => {
    const clock = new FakeClock();
    using scope = openAbortScope({ clock, parents: [], timeoutMs: 100, onTimeout: () => new Error("late") });
    await clock.advance(99);
    scope.limit(100);
    await clock.advance(99);
    assert.equal(scope.signal.aborted, false);
    scope.limit(undefined);
    await clock.advance(1_000_000);
    assert.equal(scope.signal.aborted, false);
    scope.limit(5);
    await clock.advance(5);
    assert.equal(scope.signal.reason.message, "late");
  });

  it("leaves neither listener nor timer behind", () => {
    const clock = new FakeClock();
    const parent = new AbortController();
    for (let n = 0; n < 10; n += 1) {
      using scope = openAbortScope({ clock, parents: [parent.signal], timeoutMs: 100 });
      assert.equal(scope.signal.aborted, false);
    }
    assert.deepEqual(clock.pendingMs, []);
    assert.equal(getEventListeners(parent.signal, "abort").length, 0);
  });
});
