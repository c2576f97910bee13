import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { heldSpec, type LeaseRecord, mayTake, observe, parseLease, releasedSpec } from "./lease.ts";

const record: LeaseRecord = {
  holder: "a",
  leaseDurationSeconds: 15,
  acquireTime: "2026-11-22T10:00:00.000000Z",
  renewTime: "2026-11-22T11:00:00.000000Z",
  transitions: 3,
};
const now = new Date("2026-11-22T12:00:00.123Z");
const wanted = { leaseDurationMs: 15_000, now };

describe("mayTake()", () => {
  const seen = observe(undefined, record, 1000);
  const cases = {
    "lets the holder renew": { observation: seen, identity: "a", nowMs: 1000, expected: true },
    "keeps others out for the lease's duration": { observation: seen, identity: "b", nowMs: 15_999, expected: false },
    "lets others in after it": { observation: seen, identity: "b", nowMs: 16_000, expected: true },
    "lets anyone take a free lease": {
      observation: observe(undefined, { ...record, holder: undefined }, 1000),
      identity: "b",
      nowMs: 1000,
      expected: true,
    },
  };
  for (const [sentence, { observation, identity, nowMs, expected }] of Object.entries(cases)) {
    it(sentence, () => assert.equal(mayTake(observation, identity, nowMs), expected));
  }
});

describe("observe()", () => {
  it("starts anew with every renewal, whatever its time says", () => {
    const first = observe(undefined, record, 1000);
    assert.equal(observe(first, { ...record }, 5000).atMs, 1000);
    assert.equal(observe(first, { ...record, renewTime: "2020-01-01T00:00:00.000000Z" }, 5000).atMs, 5000);
  });
});

describe("heldSpec() and releasedSpec()", () => {
  const nowText = "2026-11-22T12:00:00.123000Z";
  it("keep acquireTime and transitions on renewal", () => {
    assert.deepEqual(heldSpec(record, { ...wanted, identity: "a" }), {
      holderIdentity: "a",
      leaseDurationSeconds: 15,
      acquireTime: record.acquireTime,
      renewTime: nowText,
      leaseTransitions: 3,
    });
  });

  it("count a transition when the holder changes", () => {
    const { acquireTime, leaseTransitions } = heldSpec(record, { ...wanted, identity: "b" });
    assert.deepEqual([acquireTime, leaseTransitions], [nowText, 4]);
  });

  it("leave no holder when released", () => {
    const released = parseLease({ metadata: { name: "l" }, spec: releasedSpec(record, now) });
    assert.equal(released.record.holder, undefined);
    assert.equal(released.record.transitions, 3);
  });
});

describe("parseLease()", () => {
  it("takes a field of the wrong type for absent", () => {
    const { record: parsed } = parseLease({ metadata: { name: "l" }, spec: { holderIdentity: 5, renewTime: null } });
    assert.deepEqual(parsed, {
      holder: undefined,
      leaseDurationSeconds: 0,
      acquireTime: undefined,
      renewTime: undefined,
      transitions: 0,
    });
  });

  it("refuses what is no API object", () => assert.throws(() => parseLease("x"), TypeError));
});
