import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEpoch } from "./parse-epoch.ts";

test("parseEpoch() takes seconds, and 1970 when nothing is given", () => {
  const cases: [string | undefined, number][] = [
    [undefined, 0],
    ["", 0],
    ["0", 0],
    ["1795900000", 1_795_900_000],
  ];
  for (const [text, seconds] of cases) assert.equal(parseEpoch(text), seconds);
});

test("parseEpoch() refuses what is no number of seconds", () => {
  for (const text of ["-1", "1.5", "today", "1e9", " 1", "99999999999"]) {
    assert.throws(() => parseEpoch(text), { name: "RangeError", message: /give seconds since 1970/ });
  }
});
