import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { emptyState, parseState, withKey } from "./state.ts";
import { StateStore } from "./state-store.ts";

const key = { bootId: "b1", original: "256", desired: "4", readBack: "4", ours: ["4"], onRemoval: "Restore" as const };
const now = () => new Date("2026-11-22T10:11:12.345Z");

function place(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "mqtap-state-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "lib", "state.json");
  return { directory: join(directory, "lib"), path, load: (bootId = "b1") => StateStore.load({ path, bootId, now }) };
}

test("StateStore begins empty and writes nothing until something changes", async (t) => {
  const { path, load } = place(t);
  const { store, corruption } = await load();
  assert.deepEqual(store.state, emptyState("b1"));
  assert.equal(corruption, undefined);
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
});

test("StateStore has a change on disk when it resolves, for root alone, and leaves no temp file", async (t) => {
  const { directory, path, load } = place(t);
  const { store } = await load();
  assert.equal(store.isSaved, false);
  await store.change((state) => withKey(state, "k", key));
  assert.equal(store.isSaved, true);
  assert.deepEqual(parseState(readFileSync(path, "utf8")), store.state);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ["state.json"]);
  assert.deepEqual((await load()).store.state, store.state);
});

test("StateStore puts changes made meanwhile into the next write, and loses none", async (t) => {
  const { path, load } = place(t);
  const { store } = await load();
  const names = Array.from({ length: 50 }, (_, index) => `k${index}`);
  await Promise.all(names.map((name) => store.change((state) => withKey(state, name, key))));
  assert.deepEqual(Object.keys(parseState(readFileSync(path, "utf8")).keys).toSorted(), names.toSorted());
});

test("StateStore sets a corrupt file aside, remembers that originals are lost, and overwrites nothing", async (t) => {
  const { directory, path, load } = place(t);
  mkdirSync(directory);
  writeFileSync(path, '{"version":1,');
  const { store, corruption } = await load();
  const aside = join(directory, "state.json.corrupt-2026-11-22T101112.345Z");
  assert.equal(corruption?.setAside, aside);
  assert.equal(readFileSync(aside, "utf8"), '{"version":1,');
  assert.deepEqual(await store.setAside(), [aside]);
  const again = await load();
  assert.equal(again.corruption, undefined);
  assert.equal(again.store.state.originalsLostIn, "b1");
});

test("StateStore says when a change cannot be written, keeps it in memory, and writes it later", async (t) => {
  const { directory, path, load } = place(t);
  const { store } = await load();
  mkdirSync(directory);
  mkdirSync(`${path}.new`);
  await assert.rejects(store.change((state) => withKey(state, "k", key)));
  assert.equal(store.isSaved, false);
  assert.deepEqual(store.state.keys, { k: key });
  rmSync(`${path}.new`, { recursive: true, force: true });
  await store.change((state) => state);
  assert.deepEqual(parseState(readFileSync(path, "utf8")).keys, { k: key });
});
