import assert from "node:assert/strict";
import { test } from "node:test";
import { isSameNode, parseNode } from "./node.ts";

const metadata = { name: "n1", uid: "u1" };
const ready = (status: string) => ({ conditions: [{ type: "Ready", status }] });

const linux: Readonly<Record<string, { readonly object: object; readonly isLinux: boolean }>> = {
  "its label says linux": {
    object: { metadata: { ...metadata, labels: { "kubernetes.io/os": "linux" } } },
    isLinux: true,
  },
  "its label says windows": {
    object: { metadata: { ...metadata, labels: { "kubernetes.io/os": "windows" } } },
    isLinux: false,
  },
  "only its kubelet says windows": {
    object: { metadata, status: { nodeInfo: { operatingSystem: "windows" } } },
    isLinux: false,
  },
  "nobody says anything": { object: { metadata }, isLinux: true },
};
for (const [sentence, { object, isLinux }] of Object.entries(linux)) {
  test(`parseNode() takes a node for ${isLinux ? "Linux" : "another system"} when ${sentence}`, () => {
    assert.equal(parseNode(object).isLinux, isLinux);
  });
}

test("parseNode() calls a node ready only when its Ready condition is True", () => {
  const states = ["True", "False", "Unknown"].map((status) => parseNode({ metadata, status: ready(status) }).isReady);
  assert.deepEqual([...states, parseNode({ metadata }).isReady], [true, false, false, false]);
});

test("parseNode() throws for an object without a name", () => {
  assert.throws(() => parseNode({ metadata: {} }), TypeError);
});

test("isSameNode() does not see a heartbeat, and sees labels, readiness and another uid", () => {
  const object = { metadata: { ...metadata, resourceVersion: "1", labels: { a: "1" } }, status: ready("True") };
  const same = { ...object, metadata: { ...object.metadata, resourceVersion: "2" } };
  assert.ok(isSameNode(parseNode(object), parseNode(same)));
  for (const other of [
    { ...object, metadata: { ...object.metadata, labels: { a: "2" } } },
    { ...object, metadata: { ...object.metadata, labels: { a: "1", b: "1" } } },
    { ...object, metadata: { ...object.metadata, uid: "u2" } },
    { ...object, status: ready("False") },
  ]) {
    assert.ok(!isSameNode(parseNode(object), parseNode(other)), JSON.stringify(other));
  }
});
