import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Attachment,
  emptyState,
  inBoot,
  mostAttachments,
  parseState,
  withAttachment,
  withKey,
  withRevised,
} from "./state.ts";

const attachment: Attachment = {
  podUid: "p1",
  pod: "shop/x",
  vmi: "shop/win",
  vmiUid: "v1",
  network: "blue",
  tapName: "tap0",
  wanted: 8,
  queues: 4,
  why: "because",
  at: "2026-11-22T00:00:00.000Z",
};
const key = { bootId: "b1", original: "256", desired: "4", readBack: "4", ours: ["4"], onRemoval: "Restore" as const };
const spec = {
  tuntap: { maxQueues: 4, enforcement: "BestEffort" as const, onRemoval: "Restore" as const },
  sysctls: [],
  sources: [{ config: "dense", keys: ["tuntap.maxQueues"], generation: 1 }],
  hash: "h",
};

test("parseState() reads what JSON.stringify() wrote", () => {
  let state = withKey(emptyState("b1"), "net/tuntap/max_queues", key);
  state = withAttachment(state, "a".repeat(32), attachment);
  state = { ...state, profile: { name: "n1", uid: "u", generation: 3, spec } };
  assert.deepEqual(parseState(JSON.stringify(state)), state);
});

for (const [sentence, text] of Object.entries({
  "an empty file": "",
  "half a file": '{"version":1,"bootId":"b1","keys":{"net/tun',
  "another version": JSON.stringify({ ...emptyState("b1"), version: 2 }),
  "a key without its original": JSON.stringify({ ...emptyState("b1"), keys: { x: { bootId: "b1" } } }),
})) {
  test(`parseState() refuses ${sentence}`, () => assert.throws(() => parseState(text)));
}

test("parseState() keeps what was there before mqtap, whatever a newer agent wrote of the rest", () => {
  const state = withAttachment(withKey(emptyState("b1"), "k", key), "a", attachment);
  const newer = {
    ...state,
    keys: { k: { ...key, since: "2027" } },
    profile: { name: "n1", uid: "u", generation: 1, spec: { ...spec, tuntap: { enforcement: "Strict" } } },
    attachments: { ...state.attachments, b: { ...attachment, obstacle: "unheard-of" } },
    placed: { plugin: { path: "/p", sha256s: ["x"], inodes: [] }, policy: "elsewhere", more: {} },
    guards: {},
  };
  const placed = { plugin: { path: "/p", sha256s: ["x"], inodes: [] } };
  assert.deepEqual(parseState(JSON.stringify(newer)), { ...state, placed });
});

test("parseState() never returns for random text", () => {
  fc.assert(fc.property(fc.string(), (text) => assert.throws(() => parseState(text))));
});

test("inBoot() forgets attachments of another boot and keeps everything else", () => {
  const state = withAttachment(withKey(emptyState("b1"), "k", key), "a", attachment);
  assert.equal(inBoot(state, "b1"), state);
  assert.deepEqual(inBoot(state, "b2"), { ...state, bootId: "b2", attachments: {} });
});

test("withKey() removes what is undefined", () => {
  assert.deepEqual(withKey(withKey(emptyState("b1"), "k", key), "k", undefined), emptyState("b1"));
});

test("withAttachment() drops the oldest beyond its bound", () => {
  const ids = Array.from({ length: mostAttachments + 2 }, (_, index) => `id${index}`);
  let state = { ...emptyState("b1"), attachments: Object.fromEntries(ids.map((id) => [id, attachment])) };
  state = withAttachment(state, "newest", attachment);
  const kept = Object.keys(state.attachments);
  assert.equal(kept.length, mostAttachments);
  assert.equal(kept.at(-1), "newest");
  assert.equal(kept[0], "id3");
});

test("withAttachment() keeps what was seen and said of a tap when its ADD is asked again", () => {
  const seen = { ...attachment, netns: "/run/netns/x", said: ["QueuesCapped"] };
  const state = withAttachment({ ...emptyState("b1"), attachments: { a: seen } }, "a", { ...attachment, queues: 2 });
  assert.deepEqual(state.attachments["a"], { ...seen, queues: 2 });
  const other = withAttachment(state, "a", { ...attachment, podUid: "p2" });
  assert.deepEqual(other.attachments["a"], { ...attachment, podUid: "p2" });
});

test("withRevised() changes and removes what is as it was, and nothing that has changed meanwhile", () => {
  const before = { a: attachment, b: { ...attachment }, c: { ...attachment }, d: attachment };
  const anew = { ...attachment, queues: 2 };
  const state = { ...emptyState("b1"), attachments: { ...before, c: anew } };
  const revised = new Map([
    ["a", { ...attachment, netns: "/run/netns/x" }],
    ["b", undefined],
    ["c", undefined],
    ["x", attachment],
  ]);
  assert.deepEqual(withRevised(state, before, revised).attachments, {
    a: { ...attachment, netns: "/run/netns/x" },
    c: anew,
    d: attachment,
  });
});

test("parseState() reads attachments of an agent that did not verify", () => {
  const { wished: _wished, said: _said, ...old } = { ...attachment, wished: 4, said: [] };
  const state = { ...emptyState("b1"), attachments: { a: old } };
  assert.deepEqual(parseState(JSON.stringify(state)), state);
});
