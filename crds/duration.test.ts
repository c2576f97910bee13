import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { durationSchema, parseDurationMs } from "./duration.ts";

describe("parseDurationMs() reads", () => {
  const table: Record<string, readonly [string, number | undefined]> = {
    seconds: ["30s", 30_000],
    "hours and minutes": ["1h30m", 5_400_000],
    "all units": ["1h2m3s4ms", 3_723_004],
    nothing: ["", undefined],
    "no number without a unit": ["30", undefined],
    "no units in another order": ["1s1m", undefined],
    "no unit twice": ["1s1s", undefined],
    "no days": ["1d", undefined],
    "no fractions": ["1.5s", undefined],
    "no sign": ["-1s", undefined],
    "no spaces": ["1 s", undefined],
  };
  for (const [sentence, [text, ms]] of Object.entries(table)) {
    test(sentence, () => assert.equal(parseDurationMs(text), ms));
  }
});

test("parseDurationMs() adds up what was written", () => {
  const part = fc.nat({ max: 9999 });
  fc.assert(
    fc.property(part, part, part, part, (h, m, s, ms) => {
      assert.equal(parseDurationMs(`${h}h${m}m${s}s${ms}ms`), ((h * 60 + m) * 60 + s) * 1000 + ms);
    }),
  );
});

test("durationSchema() holds both bounds, which belong to it", () => {
  const schema = durationSchema("A wait.", "1s", "1m");
  const taken = ["999ms", "1s", "60s", "1m1ms"].map((text) => schema.safeParse(text).success);
  assert.deepEqual(taken, [false, true, true, false]);
});
