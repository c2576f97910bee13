import assert from "node:assert/strict";
import { test } from "node:test";
import { firstLookMs, LookTimes } from "./look-times.ts";

const calm = { isAwaited: false, isMoving: false };
const times = (intervalMs = 30_000) => new LookTimes({ intervalMs, random: () => 0.5 });

test("LookTimes keeps to the interval, spread by a fifth", () => {
  const at = (random: number) => new LookTimes({ intervalMs: 30_000, random: () => random }).next(calm);
  assert.deepEqual([at(0), at(0.5)], [24_000, 27_000]);
});

test("LookTimes looks after 2, 5, 10 and 20 s for a new tap, then at the interval, and anew for the next one", () => {
  const clock = times();
  const awaited = { isAwaited: true, isMoving: false };
  const four = () => Array.from({ length: 4 }, () => clock.next(awaited));
  assert.equal(firstLookMs, 2_000);
  assert.deepEqual(four(), [5_000, 10_000, 20_000, 27_000]);
  clock.restart();
  assert.deepEqual(four(), [5_000, 10_000, 20_000, 27_000]);
});

test("LookTimes is never slower than the interval", () => {
  assert.equal(times(1_000).next({ isAwaited: true, isMoving: true }), 900);
});

test("LookTimes looks again soon at a count that moves, but not for ever", () => {
  const clock = times();
  const moving = { isAwaited: false, isMoving: true };
  assert.deepEqual(
    Array.from({ length: 4 }, () => clock.next(moving)),
    [2_000, 2_000, 2_000, 27_000],
  );
  clock.next(calm);
  assert.equal(clock.next(moving), 2_000);
});
