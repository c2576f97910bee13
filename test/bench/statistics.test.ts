import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFigures, percentile } from "./statistics.ts";

const cases = {
  "the median of an odd count is the middle value": { values: [3, 1, 2], rank: 50, want: 2 },
  "the 95th of 20 values is the 19th": { values: Array.from({ length: 20 }, (_, i) => i + 1), rank: 95, want: 19 },
  "one value is every percentile": { values: [7], rank: 95, want: 7 },
};
for (const [sentence, { values, rank, want }] of Object.entries(cases)) {
  test(`percentile(): ${sentence}`, () => assert.equal(percentile(values, rank), want));
}

test("percentile() of nothing is an error, not a number", () => {
  assert.throws(() => percentile([], 50), RangeError);
});

test("formatFigures() says NO where a wanted figure was missed", () => {
  const text = formatFigures([{ what: "size", mqtap: "3 MB", peer: "", ratio: "", wanted: "<= 2.5 MB", isMet: false }]);
  assert.match(text, /\| size {3}\| 3 MB {2}\|.*\| NO {2}\|/);
});
