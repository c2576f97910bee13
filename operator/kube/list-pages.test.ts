import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listAll } from "./list-pages.ts";
import type { KubeTransport } from "./transport.ts";

function answering(bodies: readonly unknown[]): KubeTransport {
  const rest = [...bodies];
  return {
    request: () => Promise.resolve({ status: 200, body: rest.shift() }),
    watch: () => Promise.reject(new Error("no watch here")),
    close: () => undefined,
  };
}

describe("listAll()", () => {
  it("gives the items of all pages in order, each with the kind that lists of built-in kinds leave out", async () => {
    const page = { kind: "NodeList", apiVersion: "v1", metadata: { resourceVersion: "7", continue: "more" } };
    const transport = answering([
      { ...page, items: [{ n: 1 }, { n: 2, kind: "Own" }] },
      { ...page, metadata: { resourceVersion: "7", continue: "" }, items: [{ n: 3 }] },
    ]);
    const listed = await listAll({ transport, path: "/api/v1/nodes", project: (object) => object });
    assert.deepEqual(listed, {
      items: [
        { apiVersion: "v1", kind: "Node", n: 1 },
        { apiVersion: "v1", kind: "Own", n: 2 },
        { apiVersion: "v1", kind: "Node", n: 3 },
      ],
      resourceVersion: "7",
    });
  });

  it("takes a list without items for an empty one", async () => {
    const transport = answering([{ kind: "NodeList", metadata: { resourceVersion: "7" }, items: null }]);
    assert.deepEqual((await listAll({ transport, path: "/x", project: (object) => object })).items, []);
  });

  for (const body of [undefined, "ok", {}, { kind: "Status", metadata: {} }]) {
    it(`refuses ${JSON.stringify(body)}`, () =>
      assert.rejects(listAll({ transport: answering([body]), path: "/x", project: (object) => object }), TypeError));
  }
});
