import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { formatAlias, type TapAlias } from "../tap/alias.ts";
import { formatReport, type InspectReport, parseReport, ReportFormatError, type TapReport } from "./report.ts";

/** As JSON.parse makes objects. */
const record = <T>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(members, { noNullPrototype: true });
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const queues = fc.integer({ min: 1, max: 256 });
const marks: fc.Arbitrary<TapAlias> = fc.oneof(
  record({
    mode: fc.constantFrom("main", "companion", "binding"),
    queues,
    networkId: hex(16),
    attachmentId: hex(32),
  }),
  record({ mode: fc.constant("adopted" as const), queues }),
);
const text = fc.string({ unit: "binary" });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const unmarked = record({
  netns: text,
  netnsIdentity: text,
  name: text,
  index: fc.nat(),
  kind: fc.constantFrom("tap", "tun"),
  isMultiQueue: fc.boolean(),
  attachedQueues: maybe(fc.nat(256)),
  disabledQueues: maybe(fc.nat(256)),
  isOpen: fc.boolean(),
  isPersistent: fc.boolean(),
  owner: maybe(fc.nat()),
  group: maybe(fc.nat()),
  isUp: fc.boolean(),
  mtuBytes: fc.nat(),
  mac: text,
  qdisc: maybe(text),
  txQueueLength: fc.nat(),
  master: maybe(text),
  estimatedMemoryBytes: maybe(fc.maxSafeNat()),
});
const taps: fc.Arbitrary<TapReport> = fc.oneof(
  fc.tuple(unmarked, marks).map(([tap, mark]) => ({ ...tap, mark, alias: formatAlias(mark) })),
  fc.tuple(unmarked, maybe(text)).map(([tap, alias]) => ({ ...tap, mark: undefined, alias })),
);
const reports: fc.Arbitrary<InspectReport> = record({
  taps: fc.array(taps, { maxLength: 5 }),
  failures: fc.array(record({ netns: text, why: text }), { maxLength: 3 }),
});

const tap = {
  netns: "/run/netns/a",
  netnsIdentity: "4:7",
  name: "tap0",
  index: 2,
  kind: "tap",
  mark: { mode: "adopted", queues: 4 },
  isMultiQueue: true,
  isOpen: true,
  isPersistent: true,
  isUp: true,
  mtuBytes: 1500,
  mac: "02:00:00:00:00:01",
  txQueueLength: 1000,
  alias: "mqtap/1 q=4 m=adopted",
};
const document = (change: object = {}) => ({ version: 1, taps: [{ ...tap, ...change }], failures: [] });

describe("formatReport() and parseReport()", () => {
  test("parseReport() gives back whatever formatReport() wrote", () => {
    fc.assert(
      fc.property(reports, (report) => {
        assert.deepEqual(parseReport(JSON.parse(formatReport(report))), report);
      }),
      { numRuns: 300 },
    );
  });

  test("formatReport() writes ASCII that a terminal does not obey, one tap a line", () => {
    fc.assert(
      fc.property(reports, (report) => {
        const json = formatReport(report);
        assert.match(json, /^[\x20-\x7e\n]+$/);
        const entries = report.taps.length + report.failures.length;
        const heads = [report.taps, report.failures].filter(({ length }) => length > 0).length;
        assert.equal(json.split("\n").length, 2 + entries + heads);
      }),
    );
  });

  test("formatReport() escapes what a terminal obeys, and writes what is undefined as null", () => {
    const [made] = parseReport(document()).taps;
    assert.ok(made);
    const json = formatReport({ taps: [{ ...made, name: "\u009b1m\u007f\u202e\u001b" }], failures: [] });
    assert.ok(json.includes('"name":"\\u009b1m\\u007f\\u202e\\u001b"'), json);
    assert.ok(json.includes('"owner":null'), json);
  });

  test("parseReport() takes absent keys and null for undefined, and does not mind keys of a later release", () => {
    const report = parseReport(document({ owner: null, colour: "blue" }));
    assert.deepEqual(report.taps[0]?.mark, { mode: "adopted", queues: 4 });
    assert.equal(report.taps[0]?.owner, undefined);
    assert.equal(report.taps[0]?.estimatedMemoryBytes, undefined);
    assert.equal("colour" in (report.taps[0] ?? {}), false);
  });

  const faults: Record<string, { given: unknown; says: RegExp }> = {
    "no object": { given: "text", says: /report is not an object/ },
    null: { given: null, says: /report is not an object/ },
    "another version": { given: { ...document(), version: 2 }, says: /its version is 2, not 1/ },
    "no version": { given: {}, says: /its version is null, not 1/ },
    "taps that are no array": { given: { ...document(), taps: {} }, says: /report\.taps is not an array/ },
    "a tap that is no object": { given: { ...document(), taps: [5] }, says: /report\.taps\[0\] is not an object/ },
    "a name that is a number": { given: document({ name: 5 }), says: /report\.taps\[0\]\.name is not a string/ },
    "a name that only the prototype has": { given: document({ name: undefined }), says: /name is not a string/ },
    "a negative index": { given: document({ index: -1 }), says: /index is not a whole number/ },
    "half a queue": { given: document({ attachedQueues: 0.5 }), says: /attachedQueues is not a whole number/ },
    "a flag that is a text": { given: document({ isUp: "yes" }), says: /isUp is not true or false/ },
    "an unknown kind": { given: document({ kind: "veth" }), says: /kind is not tap or tun/ },
    "a mark that the alias does not bear out": {
      given: document({ alias: "x" }),
      says: /mark is not what the alias says/,
    },
    "a failure without reason": {
      given: { ...document(), failures: [{ netns: "/a" }] },
      says: /report\.failures\[0\]\.why is not a string/,
    },
  };
  for (const [what, { given, says }] of Object.entries(faults)) {
    test(`parseReport() refuses ${what}`, () => {
      assert.throws(
        () => parseReport(given),
        (error) => error instanceof ReportFormatError && says.test(error.message),
      );
    });
  }

  test("parseReport() throws only its own error, whatever JSON it is given", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), record({ version: fc.constant(1), taps: fc.array(fc.jsonValue()) })),
        (value) => {
          try {
            parseReport(value);
          } catch (error) {
            assert.ok(error instanceof ReportFormatError, String(error));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
