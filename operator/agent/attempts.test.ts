import assert from "node:assert/strict";
import { test } from "node:test";
import { Attempts } from "./attempts.ts";

const minute = 60_000;

test("Attempts are exhausted after 3 in 10 minutes, and again free when the first is older", () => {
  const attempts = new Attempts();
  for (const at of [0, 1, 2]) {
    assert.equal(attempts.isExhausted("k", "4", at * minute), false);
    attempts.repeated("k", "4", at * minute);
  }
  assert.equal(attempts.isExhausted("k", "4", 9 * minute), true);
  assert.equal(attempts.isExhausted("k", "4", 10 * minute), false);
  assert.equal(attempts.isExhausted("other", "4", 3 * minute), false);
});

test("Attempts begin anew with a new value", () => {
  const attempts = new Attempts();
  for (const at of [0, 1, 2]) attempts.repeated("k", "4", at);
  attempts.failed("k", "4", { reason: "SysctlReadOnly", message: "EROFS" }, 3);
  attempts.yielded("k", "4", 3);
  assert.equal(attempts.isExhausted("k", "2", 4), false);
  attempts.repeated("k", "2", 4);
  assert.equal(attempts.failure("k"), undefined);
  assert.equal(attempts.hasYielded("k"), false);
});

test("Attempts remember a yield until the value is found as wanted", () => {
  const attempts = new Attempts();
  attempts.yielded("k", "4", 0);
  attempts.repeated("k", "4", 1);
  assert.equal(attempts.hasYielded("k"), true);
  attempts.settled("k");
  assert.equal(attempts.hasYielded("k"), false);
});
