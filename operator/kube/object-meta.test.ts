import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRecord, objectId, parseObjectMeta } from "./object-meta.ts";

const owner = { apiVersion: "v1", kind: "Node", name: "n1", uid: "u1", controller: true };

describe("parseObjectMeta()", () => {
  it("gives all that is there, and empty maps and lists for what is not", () => {
    assert.deepEqual(parseObjectMeta({ metadata: { name: "a" } }), {
      name: "a",
      uid: "",
      resourceVersion: "",
      generation: 0,
      labels: {},
      annotations: {},
      ownerReferences: [],
    });
    const full = {
      name: "a",
      namespace: "ns",
      uid: "u",
      resourceVersion: "5",
      generation: 2,
      labels: { x: "y" },
      annotations: { p: "q" },
      creationTimestamp: "2026-11-22T12:00:00Z",
      deletionTimestamp: "2026-11-22T13:00:00Z",
      ownerReferences: [owner],
    };
    assert.deepEqual(parseObjectMeta({ metadata: full }), full);
  });

  it("leaves out what has the wrong type", () => {
    const { labels, ownerReferences, generation } = parseObjectMeta({
      metadata: { name: "a", labels: { x: 1, y: "z" }, ownerReferences: [{ kind: "Node" }, 5, owner], generation: "2" },
    });
    assert.deepEqual([labels, ownerReferences, generation], [{ y: "z" }, [owner], 0]);
  });

  it("parses anything or throws TypeError", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ metadata: fc.jsonValue() })), (object) => {
        try {
          assert.notEqual(parseObjectMeta(object).name, "");
        } catch (error) {
          assert.ok(error instanceof TypeError);
        }
      }),
    );
  });
});

describe("objectId()", () => {
  it("tells namespaces apart", () => {
    assert.equal(objectId({ metadata: { name: "a" } }), "/a");
    assert.equal(objectId({ metadata: { name: "a", namespace: "ns" } }), "ns/a");
  });
});

describe("isRecord()", () => {
  it("is true for objects alone", () => {
    assert.deepEqual([{}, [], null, undefined, "x", 1].map(isRecord), [true, false, false, false, false, false]);
  });
});
