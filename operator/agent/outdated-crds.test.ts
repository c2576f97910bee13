import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutFields } from "./outdated-crds.ts";

const now = new Date("2026-11-29T10:00:00Z");
const condition = { observedGeneration: 2, lastTransitionTime: "2026-11-01T00:00:00Z" };
const degraded = { ...condition, type: "Degraded", status: "True", reason: "Overridden", message: "someone" } as const;
const fine = { ...condition, type: "Degraded", status: "False", reason: "AsExpected", message: "nothing" } as const;

test("withoutFields() takes the whole field away, also for a part of it", () => {
  const status = { observedGeneration: 2, overLimit: 1, tuntap: { original: null }, conditions: [fine] };
  const left = withoutFields(status, [".status.overLimit", ".status.tuntap.kernelLimit"], now);
  assert.deepEqual(Object.keys(left), ["observedGeneration", "conditions"]);
  assert.deepEqual([left.conditions?.[0]?.reason, left.conditions?.[0]?.observedGeneration], ["CrdsOutdated", 2]);
});

test("withoutFields() keeps the reason of what is worse, and adds its own message", () => {
  const left = withoutFields({ conditions: [degraded] }, [".status.bootID"], now);
  assert.equal(left.conditions?.[0]?.reason, "Overridden");
  assert.match(left.conditions?.[0]?.message ?? "", /^someone; the CRD .*\.status\.bootID/);
});
