import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { createLog, describeError, type LogLevel } from "./log.ts";

function open(level?: LogLevel) {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  return { lines, log: createLog({ write, clock: new FakeClock(), ...(level === undefined ? {} : { level }) }) };
}

describe("createLog()", () => {
  it("writes one JSON object a line, with time, level, text and fields", () => {
    const { lines, log } = open();
    log.child({ node: "n1" }).info("two\nlines", { count: 2, big: 5n });
    assert.deepEqual(lines, [
      '{"time":"2026-11-22T12:00:00.000Z","level":"info","msg":"two\\nlines","node":"n1","count":2,"big":"5"}',
    ]);
  });

  it("drops what is below its level", () => {
    const { lines, log } = open("warn");
    log.debug("no");
    log.info("no");
    log.warn("yes");
    log.error("yes");
    assert.equal(lines.length, 2);
  });

  it("keeps time, level and text whatever the fields are called", () => {
    const { lines, log } = open();
    log.info("text", { level: "x", msg: "y", time: "z" });
    const { time, level, msg } = JSON.parse(lines[0] ?? "");
    assert.deepEqual([time, level, msg], ["2026-11-22T12:00:00.000Z", "info", "text"]);
  });

  it("writes an error as its text with causes, and survives a cycle", () => {
    const { lines, log } = open();
    log.info("text", { error: new Error("outer", { cause: new Error("inner") }) });
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    log.info("cycle", cycle);
    assert.match(lines[0] ?? "", /"error":"outer: inner"/);
    assert.match(lines[1] ?? "", /"msg":"cycle","unprintable"/);
  });
});

describe("describeError()", () => {
  const cases: Record<string, { error: unknown; expected: string }> = {
    "names the causes": {
      error: new Error("a", { cause: new Error("b", { cause: "c" }) }),
      expected: "a: b: c",
    },
    "does not repeat a cause that is in the text": {
      error: new Error("cannot read: ENOENT", { cause: new Error("ENOENT") }),
      expected: "cannot read: ENOENT",
    },
    "gives the class when there is no text": { error: new RangeError(), expected: "RangeError" },
    "takes what is no error": { error: undefined, expected: "undefined" },
  };
  for (const [sentence, { error, expected }] of Object.entries(cases)) {
    it(sentence, () => assert.equal(describeError(error), expected));
  }
});
