import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { node, profile } from "../../test/controller/objects.ts";
import { WrittenProfiles } from "./written-profiles.ts";

const at = (generation: number, over: { uid?: string } = {}): NodeNetworkProfile => {
  const one = profile(node("n1"), { sysctls: [], sources: [], hash: `h${generation}` }, { generation });
  return { ...one, metadata: { ...one.metadata, ...over } };
};

describe("WrittenProfiles", () => {
  test("shows our answer until the store has caught up", () => {
    const store = new Map([["n1", at(1)]]);
    const written = new WrittenProfiles(store);
    written.remember(at(2));
    assert.equal(written.current().get("n1")?.spec.hash, "h2");
    store.set("n1", at(2));
    assert.equal(written.current().get("n1"), store.get("n1"), "whose status may be newer");
    store.set("n1", at(1));
    assert.equal(written.current().get("n1")?.spec.hash, "h1", "and then believes the store");
  });

  test("shows a profile that the store has not seen at all", () => {
    const written = new WrittenProfiles(new Map());
    written.remember(at(1));
    assert.deepEqual([...written.current().keys()], ["n1"]);
  });

  test("forgets a profile that was deleted, and not the one made after it", () => {
    const written = new WrittenProfiles(new Map());
    written.remember(at(1, { uid: "second" }));
    written.forget(at(1, { uid: "first" }));
    assert.equal(written.current().size, 1);
    written.forget(at(1, { uid: "second" }));
    assert.equal(written.current().size, 0);
  });
});
