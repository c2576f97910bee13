import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { PacedNumber } from "./paced-number.ts";

function bed() {
  const clock = new FakeClock();
  const told: (number | null | undefined)[] = [];
  const paced: PacedNumber = new PacedNumber({ clock, intervalMs: 60_000, onChange: () => told.push(paced.value) });
  return { clock, told, paced };
}

test("PacedNumber tells the first number and the first change at once", () => {
  const { told, paced } = bed();
  for (const value of [0, 0, 1, 1]) paced.set(value);
  assert.deepEqual(told, [0, 1]);
});

test("PacedNumber tells of later changes once in an interval, with the last value", async () => {
  const { clock, told, paced } = bed();
  for (const value of [0, 1, 2, 3]) paced.set(value);
  await clock.advance(59_999);
  assert.deepEqual([told, paced.value], [[0, 1], 1]);
  await clock.advance(1);
  assert.deepEqual(told, [0, 1, 3]);
  await clock.advance(60_000);
  paced.set(4);
  assert.deepEqual(told, [0, 1, 3, 4]);
});

test("PacedNumber tells nothing of a change that was taken back in time", async () => {
  const { clock, told, paced } = bed();
  for (const value of [0, 1, 2, 1]) paced.set(value);
  await clock.advance(120_000);
  assert.deepEqual([told, clock.pendingMs], [[0, 1], []]);
});

test("PacedNumber leaves no timer behind", () => {
  const { clock, paced } = bed();
  for (const value of [0, 1, 2]) paced.set(value);
  paced.close();
  assert.deepEqual(clock.pendingMs, []);
});
