import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type AdoptReport, AdoptReportError, formatAdoptReport, parseAdoptReport } from "./report.ts";

const text = fc.string({ unit: "binary" }).filter((value) => value.isWellFormed());
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const reports: fc.Arbitrary<AdoptReport> = fc.record(
  {
    netns: text,
    ended: fc.constantFrom("done", "gone", "timeout", "abandoned"),
    taps: fc.array(
      fc.record(
        {
          name: text,
          queues: optional(fc.integer({ min: 1, max: 256 })),
          outcome: fc.constantFrom(
            ...(["adopted", "unchanged", "owned", "foreign", "shaped", "mismatch", "missing", "failed"] as const),
          ),
          why: optional(text),
          qdiscBefore: optional(text),
        },
        { noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
  },
  { noNullPrototype: true },
);

describe("the report of mqtap adopt", () => {
  it("is read again as it was written, from one line of ASCII", () => {
    fc.assert(
      fc.property(reports, (report) => {
        const line = formatAdoptReport(report);
        assert.match(line, /^[\x20-\x7e]+\n$/);
        assert.deepEqual(parseAdoptReport(JSON.parse(line)), report);
      }),
    );
  });

  const wrong: Readonly<Record<string, unknown>> = {
    "a report is no object": [],
    "its version is 2, not 1": { version: 2 },
    "its version is null": {},
    "its taps are no list": { version: 1, netns: "/a", ended: "done", taps: {} },
    'ended is "later"': { version: 1, netns: "/a", ended: "later", taps: [] },
    "netns is no text": { version: 1, ended: "done", taps: [] },
    "a tap is no object": { version: 1, netns: "/a", ended: "done", taps: ["tap0"] },
    'outcome is "lost"': { version: 1, netns: "/a", ended: "done", taps: [{ name: "a", outcome: "lost" }] },
    "queues are no number": { version: 1, netns: "/a", ended: "done", taps: [{ name: "a", queues: "4" }] },
  };
  for (const [says, document] of Object.entries(wrong)) {
    it(`is refused: ${says}`, () => {
      assert.throws(
        () => parseAdoptReport(document),
        (error) => error instanceof AdoptReportError && error.message.includes(says),
      );
    });
  }

  it("is read, or refused with its own error, whatever it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        try {
          parseAdoptReport(document);
        } catch (error) {
          assert.ok(error instanceof AdoptReportError);
        }
      }),
    );
  });
});
