import assert from "node:assert/strict";
import { test } from "node:test";
import { Since } from "./since.ts";

test("Since counts from when a subject was first seen in its state, and anew when the state turns", () => {
  const since = new Since();
  const seen = [
    since.elapsedMs("n1", "down", 1000),
    since.elapsedMs("n1", "down", 4000),
    since.elapsedMs("n2", "down", 4000),
    since.elapsedMs("n1", "up", 5000),
    since.elapsedMs("n1", "down", 6000),
  ];
  assert.deepEqual(seen, [0, 3000, 0, 0, 0]);
});

test("Since forgets subjects that are gone", () => {
  const since = new Since();
  since.elapsedMs("n1", "down", 0);
  since.elapsedMs("n2", "down", 0);
  since.keepOnly(new Set(["n2"]));
  assert.deepEqual([since.elapsedMs("n1", "down", 9), since.elapsedMs("n2", "down", 9)], [0, 9]);
});
