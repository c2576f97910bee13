import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { formatTime } from "./civil-time.ts";

describe("formatTime()", () => {
  test("writes what Date writes", () => {
    const range = { min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z") };
    const date = fc.date({ ...range, noInvalidDate: true });
    fc.assert(
      fc.property(date, (moment) => assert.equal(formatTime(moment.getTime()), moment.toISOString())),
      { numRuns: 20_000 },
    );
  });

  const turns = ["1970-01-01", "1999-12-31", "2000-02-29", "2000-03-01", "2024-02-29", "2100-02-28", "2100-03-01"];
  for (const day of turns) {
    test(`knows ${day}, its first and its last millisecond`, () => {
      for (const moment of [`${day}T00:00:00.000Z`, `${day}T23:59:59.999Z`]) {
        assert.equal(formatTime(Date.parse(moment)), moment);
      }
    });
  }

  test("cuts what is less than a millisecond", () => {
    assert.equal(formatTime(1_234.9), "1970-01-01T00:00:01.234Z");
  });
});
