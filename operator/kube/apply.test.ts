import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apply, applyStatus, mergePatch } from "./apply.ts";
import type { KubeRequest, KubeTransport } from "./transport.ts";

function record() {
  const requests: KubeRequest[] = [];
  const transport: KubeTransport = {
    request(request) {
      requests.push(request);
      return Promise.resolve({ status: 200, body: { stored: true } });
    },
    watch: () => Promise.reject(new Error("no watch here")),
    close: () => undefined,
  };
  return { requests, transport };
}

const object = { apiVersion: "test/v1", kind: "Thing", metadata: { name: "a" } };
const path = "/apis/test/v1/things/a";

describe("apply() and applyStatus()", () => {
  it("apply server-side, forced, under the field manager's name", async () => {
    const { requests, transport } = record();
    assert.deepEqual(await apply({ transport, path, object, fieldManager: "me" }), { stored: true });
    await applyStatus({ transport, path, object, fieldManager: "me" });
    const common = {
      method: "PATCH",
      query: { fieldManager: "me", force: true },
      contentType: "application/apply-patch+yaml",
      body: object,
      signal: undefined,
    };
    assert.deepEqual(requests, [
      { ...common, path },
      { ...common, path: `${path}/status` },
    ]);
  });
});

describe("mergePatch()", () => {
  it("sends a merge patch", async () => {
    const { requests, transport } = record();
    await mergePatch({ transport, path, patch: { a: null }, fieldManager: "me" });
    assert.deepEqual([requests[0]?.contentType, requests[0]?.body], ["application/merge-patch+json", { a: null }]);
  });
});
