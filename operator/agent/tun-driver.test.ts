import assert from "node:assert/strict";
import { test } from "node:test";
import type { InspectReport } from "../../cni/inspect/report.ts";
import { InventoryError } from "./inventory.ts";
import { TunDriver } from "./tun-driver.ts";

const nothing: InspectReport = { taps: [], failures: [] };
const { signal } = new AbortController();

/** Answers one after the other; an absent one is a plugin that fails. */
function driver(...answers: readonly (InspectReport | undefined)[]) {
  const left = [...answers];
  const tun = new TunDriver(() => {
    const answer = left.shift();
    return answer === undefined ? Promise.reject(new InventoryError("it failed")) : Promise.resolve(answer);
  }, signal);
  return { tun, left };
}

test("TunDriver asks until it knows, and never again", async () => {
  const missing = { ...nothing, tun: { isPresent: false, hasMultiQueue: undefined } };
  const old = { ...nothing, tun: { isPresent: true, hasMultiQueue: false } };
  const { tun, left } = driver(undefined, nothing, missing, old, {
    ...nothing,
    tun: { isPresent: true, hasMultiQueue: true },
  });
  const known = [];
  for (let turn = 0; turn < 6; turn++) known.push(await tun.hasMultiQueue());
  assert.deepEqual(known, [undefined, undefined, undefined, false, false, false]);
  assert.equal(left.length, 1);
});
