import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Condition,
  findCondition,
  isConditionTrue,
  type NewCondition,
  setCondition,
  setConditions,
} from "./conditions.ts";

const then = "2026-11-22T10:00:00Z";
const now = new Date("2026-11-22T12:00:00.123Z");
const nowText = "2026-11-22T12:00:00Z";

const ready: Condition = {
  type: "Ready",
  status: "True",
  observedGeneration: 1,
  lastTransitionTime: then,
  reason: "AllReady",
  message: "all nodes are ready",
};
const paused: Condition = { ...ready, type: "Paused", status: "False", reason: "NotPaused", message: "" };

function without({ lastTransitionTime: _, ...rest }: Condition): NewCondition {
  return rest;
}

describe("setCondition()", () => {
  const cases: Record<string, { next: NewCondition; expected: readonly Condition[] }> = {
    "moves lastTransitionTime when the status changes": {
      next: { ...without(ready), status: "False", reason: "SomeFailed" },
      expected: [{ ...ready, status: "False", reason: "SomeFailed", lastTransitionTime: nowText }, paused],
    },
    "keeps lastTransitionTime when only reason and message change": {
      next: { ...without(ready), reason: "Other", message: "other" },
      expected: [{ ...ready, reason: "Other", message: "other" }, paused],
    },
    "keeps lastTransitionTime when only the generation changes": {
      next: { ...without(ready), observedGeneration: 2 },
      expected: [{ ...ready, observedGeneration: 2 }, paused],
    },
    "appends a condition of a new type": {
      next: { type: "Degraded", status: "Unknown", reason: "NotSeen", message: "no report yet" },
      expected: [
        ready,
        paused,
        {
          type: "Degraded",
          status: "Unknown",
          reason: "NotSeen",
          message: "no report yet",
          lastTransitionTime: nowText,
        },
      ],
    },
    "cuts a message at the API server's limit": {
      next: { ...without(ready), message: "x".repeat(40_000) },
      expected: [{ ...ready, message: "x".repeat(32_768) }, paused],
    },
  };
  for (const [sentence, { next, expected }] of Object.entries(cases)) {
    it(sentence, () => assert.deepEqual(setCondition([ready, paused], next, now), expected));
  }

  it("returns the same list when nothing changes", () => {
    const list = [ready, paused];
    assert.equal(setCondition(list, without(ready), now), list);
  });

  it("does not change the list it is given", () => {
    const list = Object.freeze([ready]);
    setCondition(list, { ...without(ready), status: "False" }, now);
    assert.deepEqual(list, [ready]);
  });
});

describe("setConditions()", () => {
  it("sets several in order", () => {
    const list = setConditions([], [without(paused), without(ready)], now);
    assert.deepEqual(
      list.map((condition) => condition.type),
      ["Paused", "Ready"],
    );
  });
});

describe("findCondition() and isConditionTrue()", () => {
  it("tell an absent condition from one that is not true", () => {
    assert.equal(findCondition([ready, paused], "Paused"), paused);
    assert.equal(findCondition([ready], "Paused"), undefined);
    assert.deepEqual(
      ["Ready", "Paused", "Absent"].map((type) => isConditionTrue([ready, paused], type)),
      [true, false, false],
    );
  });
});
