import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourcePath } from "./resource-path.ts";

describe("resourcePath()", () => {
  const things = { group: "test.io", version: "v1", plural: "things" };
  const cases = {
    "/api/v1/nodes": { group: "", version: "v1", plural: "nodes" },
    "/api/v1/namespaces/ns/pods/p": { group: "", version: "v1", plural: "pods", namespace: "ns", name: "p" },
    "/apis/test.io/v1/things": things,
    "/apis/test.io/v1/things/a/status": { ...things, name: "a", subresource: "status" },
    "/apis/test.io/v1/namespaces/ns/things": { ...things, namespace: "ns" },
    "/apis/test.io/v1/things/..%2Fa%3Fb": { ...things, name: "../a?b" },
  };
  for (const [path, address] of Object.entries(cases)) {
    it(`gives ${path}`, () => assert.equal(resourcePath(address), path));
  }
});
