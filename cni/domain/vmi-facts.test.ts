import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseVmiFacts } from "./vmi-facts.ts";

const ours = "mqtap.io/max-queues";
const kubevirts = "network.kubevirt.io/max-queues";
const withAnnotations = (annotations: unknown) => parseVmiFacts(JSON.stringify({ metadata: { annotations } }));

const caps: Readonly<Record<string, { annotations: unknown; cap?: number; faults?: number }>> = {
  ours: { annotations: { [ours]: "4" }, cap: 4 },
  "KubeVirt's": { annotations: { [kubevirts]: "6" }, cap: 6 },
  "the lower of both": { annotations: { [ours]: "6", [kubevirts]: "3" }, cap: 3 },
  "2 for 1": { annotations: { [ours]: "1" }, cap: 2 },
  "a number with space around it": { annotations: { [ours]: " 5\n" }, cap: 5 },
  "the readable one of two": { annotations: { [ours]: "many", [kubevirts]: "3" }, cap: 3, faults: 1 },
  "nothing of 0": { annotations: { [ours]: "0" }, faults: 1 },
  "nothing of -1": { annotations: { [ours]: "-1" }, faults: 1 },
  "nothing of 04": { annotations: { [ours]: "04" }, faults: 1 },
  "nothing of 1e2": { annotations: { [ours]: "1e2" }, faults: 1 },
  "nothing of an empty text": { annotations: { [ours]: "" }, faults: 1 },
  "nothing of a number that is no text": { annotations: { [ours]: 4 }, faults: 1 },
  "nothing of other annotations": { annotations: { "mqtap.io/other": "4" } },
  "nothing where there are none": { annotations: null },
};

describe("parseVmiFacts() takes from annotations", () => {
  for (const [title, { annotations, cap, faults = 0 }] of Object.entries(caps)) {
    test(title, () => {
      const facts = withAnnotations(annotations);
      assert.equal(facts.annotationCap, cap);
      assert.equal(facts.faults.length, faults, facts.faults.join());
    });
  }
});

test("parseVmiFacts() knows the primary network by pod, or by multus' default", () => {
  const networks = [
    { name: "a", pod: {} },
    { name: "b", multus: { networkName: "x" } },
    { name: "c", multus: { networkName: "x", default: true } },
    { name: "d", pod: null },
    { pod: {} },
    "e",
  ];
  assert.deepEqual([...parseVmiFacts(JSON.stringify({ spec: { networks } })).primaryNetworks], ["a", "c"]);
});

test("parseVmiFacts() never throws, and says what it could not read", () => {
  for (const text of [undefined, "", "{", "null", "[]", "3", '"vmi"', "[".repeat(131_000), "\0"]) {
    const { primaryNetworks, annotationCap, faults } = parseVmiFacts(text);
    assert.deepEqual(
      [primaryNetworks.size, annotationCap, faults.length],
      [0, undefined, 1],
      text?.slice(0, 9) ?? "nothing",
    );
  }
  for (const text of ['{"metadata":3,"spec":[]}', '{"spec":{"networks":{}}}', '{"__proto__":{"metadata":{}}}']) {
    assert.deepEqual(parseVmiFacts(text).faults, []);
  }
});
