import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderDuration, startProgress } from "./progress.mjs";

describe("renderDuration()", () => {
  for (const [ms, text] of Object.entries({ 400: "0 s", 59400: "59 s", 59600: "1 min 00 s", 125000: "2 min 05 s" })) {
    it(`is ${text} for ${ms} ms`, () => assert.equal(renderDuration(Number(ms)), text));
  }
});

describe("startProgress()", () => {
  const make = (isTTY) => {
    const clock = { ms: 0 };
    const written = [];
    const stream = { isTTY, columns: 60, write: (text) => written.push(text) };
    return {
      clock,
      written,
      progress: startProgress({ title: "building", usually: "2 min", stream, now: () => clock.ms }),
    };
  };

  it("says nothing about what takes less than a second", () => {
    const { clock, written, progress } = make(false);
    clock.ms = 900;
    progress.tick();
    progress.done();
    assert.deepEqual(written, []);
  });

  it("says what, how far and how long it usually takes, and no more often than each half minute without a terminal", () => {
    const { clock, written, progress } = make(false);
    for (clock.ms = 1000; clock.ms <= 61_000; clock.ms += 1000) {
      progress.update(`${clock.ms} of 70000`);
      progress.tick();
    }
    progress.failed();
    assert.deepEqual(written, [
      "mqtap: building: 1 s of about 2 min, 1000 of 70000\n",
      "mqtap: building: 31 s of about 2 min, 31000 of 70000\n",
      "mqtap: building: 1 min 01 s of about 2 min, 61000 of 70000\n",
      "mqtap: building: failed after 1 min 02 s\n",
    ]);
  });

  it("rewrites one line of a terminal and never lets it wrap", () => {
    const { clock, written, progress } = make(true);
    clock.ms = 1000;
    progress.update("x".repeat(100));
    progress.tick();
    progress.done();
    assert.equal(written[0], `\r\u001b[2K${"mqtap: building: 1 s of about 2 min, ".padEnd(59, "x")}`);
    assert.match(written[1], /done after 1 s\n$/);
  });
});
