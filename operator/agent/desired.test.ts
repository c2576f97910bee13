import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type KeyPlan, type KeySituation, planKey, type WantedKey } from "./desired.ts";
import type { SavedKey } from "./state.ts";
import type { Live } from "./sysctl-tree.ts";

const wanted: WantedKey = { value: "4", onRemoval: "Restore" };
const saved: SavedKey = {
  bootId: "b1",
  original: "256",
  desired: "4",
  readBack: "4",
  ours: ["4"],
  onRemoval: "Restore",
};
const value = (text: string): Live => ({ kind: "value", value: text });
const absent: Live = { kind: "absent" };

function plan(part: Partial<KeySituation>): KeyPlan {
  const situation = { wanted, live: value("256"), saved: undefined, bootId: "b1", originalsLost: false };
  return planKey({ ...situation, isExhausted: false, ...part });
}

const intent = { ...saved, readBack: null };
const table: Record<string, { given: Partial<KeySituation>; planned: KeyPlan }> = {
  "the original is saved with the first write": {
    given: {},
    planned: { kind: "write", save: intent, isRepeat: false },
  },
  "a value that is already so is saved and not written": {
    given: { live: value("4") },
    planned: { kind: "none", save: { ...saved, original: "4" }, isClamped: false },
  },
  "nothing happens where all is well": {
    given: { saved, live: value("4") },
    planned: { kind: "none", save: undefined, isClamped: false },
  },
  "a changed onRemoval is remembered": {
    given: { saved, live: value("4"), wanted: { value: "4", onRemoval: "Retain" } },
    planned: { kind: "none", save: { ...saved, onRemoval: "Retain" }, isClamped: false },
  },
  "a new value is written, and both count as ours until it is read back": {
    given: { saved, live: value("4"), wanted: { value: "2", onRemoval: "Restore" } },
    planned: { kind: "write", save: { ...intent, desired: "2", ours: ["2", "4"] }, isRepeat: false },
  },
  "drift is repaired": { given: { saved, live: value("9") }, planned: { kind: "write", save: intent, isRepeat: true } },
  "drift is not repaired for ever": {
    given: { saved, live: value("9"), isExhausted: true },
    planned: { kind: "yield" },
  },
  "a write that a crash cut off is done": {
    given: { saved: intent, live: value("256") },
    planned: { kind: "write", save: intent, isRepeat: true },
  },
  "a clamped value is not written again": {
    given: { saved: { ...saved, readBack: "8", ours: ["8"] }, live: value("8") },
    planned: { kind: "none", save: undefined, isClamped: true },
  },
  "a missing key is unsupported": { given: { live: absent, saved }, planned: { kind: "unsupported" } },
  "another boot's original is not believed": {
    given: { saved: { ...saved, bootId: "b0" }, live: value("128") },
    planned: { kind: "write", save: { ...intent, original: "128" }, isRepeat: false },
  },
  "originals that were lost stay unknown": {
    given: { originalsLost: true },
    planned: { kind: "write", save: { ...intent, original: null }, isRepeat: false },
  },
  "what vanished and is still ours is restored": {
    given: { wanted: undefined, saved, live: value("4") },
    planned: { kind: "restore", value: "256" },
  },
  "what vanished and was never written is forgotten": {
    given: { wanted: undefined, saved: intent, live: value("256") },
    planned: { kind: "forget", notice: undefined },
  },
  "what vanished before a crash-cut second write is restored": {
    given: { wanted: undefined, saved: { ...intent, desired: "2", ours: ["2", "4"] }, live: value("4") },
    planned: { kind: "restore", value: "256" },
  },
  "Retain leaves the value": {
    given: { wanted: undefined, saved: { ...saved, onRemoval: "Retain" }, live: value("4") },
    planned: { kind: "forget", notice: undefined },
  },
  "what someone else changed is left alone, and told": {
    given: { wanted: undefined, saved, live: value("9") },
    planned: { kind: "forget", notice: "left at 9: someone else has changed it since mqtap set 4" },
  },
  "what is not known is not restored, and told": {
    given: { wanted: undefined, saved: { ...saved, original: null }, live: value("4") },
    planned: { kind: "forget", notice: "left at 4: the value before mqtap's first write is not known any more" },
  },
  "after a reboot there is nothing to restore": {
    given: { wanted: undefined, saved: { ...saved, bootId: "b0" }, live: value("4") },
    planned: { kind: "forget", notice: undefined },
  },
  "a key that was never ours is left alone": {
    given: { wanted: undefined, live: value("9") },
    planned: { kind: "none", save: undefined, isClamped: false },
  },
  "an unreadable key is kept for later": {
    given: { wanted: undefined, saved, live: { kind: "unreadable", message: "EIO" } },
    planned: { kind: "unreadable", message: "EIO" },
  },
};

for (const [sentence, { given, planned }] of Object.entries(table)) {
  test(`planKey(): ${sentence}`, () => assert.deepEqual(plan(given), planned));
}

/** A kernel that takes every value, and a keeper that carries plans out; it may die at the places of a crash. */
class Node {
  live: string;
  saved: SavedKey | undefined;
  constructor(live: string) {
    this.live = live;
  }

  run(wantedKey: WantedKey | undefined, crashAfter?: "save" | "write"): void {
    const situation = { wanted: wantedKey, live: value(this.live), saved: this.saved, bootId: "b1" };
    const next = planKey({ ...situation, originalsLost: false, isExhausted: false });
    if (next.kind === "none") this.saved = next.save ?? this.saved;
    if (next.kind === "forget") this.saved = undefined;
    if (next.kind === "restore") {
      this.live = next.value;
      if (crashAfter === undefined) this.saved = undefined;
    }
    if (next.kind !== "write") return;
    this.saved = next.save;
    if (crashAfter === "save") return;
    this.live = next.save.desired;
    if (crashAfter === "write") return;
    this.saved = { ...next.save, readBack: this.live, ours: [this.live] };
  }
}

const wish = fc.option(fc.integer({ min: 2, max: 9 }), { nil: undefined });
const crash = fc.constantFrom(undefined, "save" as const, "write" as const);
const steps = fc.array(fc.tuple(wish, crash), { maxLength: 12 });
const toWanted = (wishes: number | undefined): WantedKey | undefined =>
  wishes === undefined ? undefined : { value: String(wishes), onRemoval: "Restore" };

test("planKey() reaches what is wanted in one run, after any history and any crash, and then rests", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 2, max: 9 }), (history, last) => {
      const node = new Node("256");
      for (const [wishes, crashAfter] of history) node.run(toWanted(wishes), crashAfter);
      node.run(toWanted(last));
      const rested = { live: node.live, saved: node.saved };
      node.run(toWanted(last));
      return rested.live === String(last) && rested.saved === node.saved;
    }),
  );
});

test("planKey() gives back the first value after any history and any crash", () => {
  fc.assert(
    fc.property(steps, (history) => {
      const node = new Node("256");
      for (const [wishes, crashAfter] of history) node.run(toWanted(wishes), crashAfter);
      node.run(undefined);
      node.run(undefined);
      return node.live === "256" && node.saved === undefined;
    }),
  );
});
