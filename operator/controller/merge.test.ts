import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { config } from "../../test/controller/objects.ts";
import { type Contribution, contributionOf, tuntapKeys } from "./contribution.ts";
import { merge } from "./merge.ts";

const backlog = "net.core.netdev_max_backlog";
const sysctl = (value: string) => ({ sysctls: [{ name: backlog, value }] });
const merged = (...specs: readonly [string, Readonly<Record<string, unknown>>][]) =>
  merge(specs.map(([name, spec]) => contributionOf(config(name, spec))));

const wins: Readonly<
  Record<
    string,
    { readonly specs: [string, Readonly<Record<string, unknown>>][]; readonly key: string; readonly wins: unknown }
  >
> = {
  "the highest priority, though its number is greater": {
    specs: [
      ["a", { tuntap: { maxQueues: 2 } }],
      ["b", { priority: 1, tuntap: { maxQueues: 8 } }],
    ],
    key: "tuntap.maxQueues",
    wins: ["b", 8],
  },
  "the lowest number at equal priority": {
    specs: [
      ["a", { tuntap: { maxQueues: 8 } }],
      ["b", { tuntap: { maxQueues: 4 } }],
    ],
    key: "tuntap.maxQueues",
    wins: ["b", 4],
  },
  "the lowest number, compared as a number": {
    specs: [
      ["a", { tuntap: { maxQueuesPerVM: 16 } }],
      ["b", { tuntap: { maxQueuesPerVM: 8 } }],
    ],
    key: "tuntap.maxQueuesPerVM",
    wins: ["b", 8],
  },
  "the strictest enforcement at equal priority": {
    specs: [
      ["a", { tuntap: { enforcement: "Advisory" } }],
      ["b", { tuntap: { enforcement: "Required" } }],
      ["c", { tuntap: { enforcement: "BestEffort" } }],
    ],
    key: "tuntap.enforcement",
    wins: ["b", "Required"],
  },
  "the smaller name for a sysctl at equal priority": {
    specs: [
      ["b", sysctl("1000")],
      ["a", sysctl("9000")],
    ],
    key: backlog,
    wins: ["a", "9000"],
  },
  "the smaller name where the values are equal": {
    specs: [
      ["b", { tuntap: { maxQueues: 4 } }],
      ["a", { tuntap: { maxQueues: 4 } }],
    ],
    key: "tuntap.maxQueues",
    wins: ["a", 4],
  },
};
for (const [sentence, { specs, key, wins: wanted }] of Object.entries(wins)) {
  test(`merge() lets win ${sentence}`, () => {
    const winner = merged(...specs).find((decision) => decision.key === key)?.winner;
    assert.deepEqual([winner?.config, winner?.value], wanted);
  });
}

test("merge() decides each key by itself", () => {
  const decisions = merged(
    ["a", { priority: 9, tuntap: { maxQueues: 8 } }],
    ["b", { tuntap: { maxQueues: 2, maxQueuesPerVM: 16 }, ...sysctl("1") }],
  );
  assert.deepEqual(
    decisions.map(({ key, winner }) => [key, winner.config]),
    [
      [backlog, "b"],
      ["tuntap.maxQueues", "a"],
      ["tuntap.maxQueuesPerVM", "b"],
    ],
  );
});

test("merge() calls it a conflict when equals of the highest priority differ, and names all of them", () => {
  const [decision] = merged(
    ["c", { priority: 5, tuntap: { maxQueues: 4 } }],
    ["a", { priority: 5, tuntap: { maxQueues: 8 } }],
    ["b", { priority: 5, tuntap: { maxQueues: 4 } }],
    ["low", { tuntap: { maxQueues: 16 } }],
  );
  assert.deepEqual(
    decision?.conflict.map((ask) => [ask.config, ask.value]),
    [
      ["a", 8],
      ["b", 4],
      ["c", 4],
    ],
  );
  assert.deepEqual(
    decision?.outranked.map((ask) => ask.config),
    ["low"],
  );
  assert.deepEqual(decision?.agreeing, ["b", "c"]);
});

test("merge() sees no conflict among configs that a higher priority outranks", () => {
  const [decision] = merged(
    ["a", { tuntap: { maxQueues: 8 } }],
    ["b", { tuntap: { maxQueues: 4 } }],
    ["top", { priority: 1, tuntap: { maxQueues: 2 } }],
  );
  assert.deepEqual([decision?.conflict, decision?.outranked.map((ask) => ask.config)], [[], ["a", "b"]]);
});

const name = fc.constantFrom("a", "b", "c", "d", "e");
const wish = <T extends number | string>(value: fc.Arbitrary<T>) =>
  fc.record({ value, onRemoval: fc.constantFrom<"Restore" | "Retain">("Restore", "Retain") });
const wishes = fc
  .record(
    {
      "tuntap.maxQueues": wish(fc.integer({ min: 2, max: 9 })),
      "tuntap.maxQueuesPerVM": wish(fc.integer({ min: 2, max: 9 })),
      "tuntap.enforcement": wish(fc.constantFrom("Advisory", "BestEffort", "Required")),
      [backlog]: wish(fc.constantFrom("1", "2", "10")),
    },
    { requiredKeys: [] },
  )
  .map((record) => new Map(Object.entries(record)));
const contributions: fc.Arbitrary<Contribution[]> = fc.uniqueArray(
  fc.record({ config: name, priority: fc.integer({ min: 0, max: 2 }), generation: fc.constant(1), wishes }),
  { selector: ({ config }) => config },
);

test("merge() does not depend on the order of the configs", () => {
  fc.assert(
    fc.property(contributions, fc.infiniteStream(fc.nat()), (list, random) => {
      const order = list.map((item) => [random.next().value ?? 0, item] as const);
      const shuffled = order.toSorted(([a], [b]) => a - b).map(([, item]) => item);
      assert.deepEqual(merge(shuffled), merge(list));
    }),
  );
});

test("merge() decides exactly the keys that someone asks for, each for a config of the highest priority", () => {
  fc.assert(
    fc.property(contributions, (list) => {
      const decisions = merge(list);
      assert.deepEqual(
        new Set(decisions.map(({ key }) => key)),
        new Set(list.flatMap(({ wishes: own }) => [...own.keys()])),
      );
      for (const { key, winner } of decisions) {
        const asking = list.filter((item) => item.wishes.has(key));
        assert.equal(winner.priority, Math.max(...asking.map(({ priority }) => priority)));
        assert.deepEqual(asking.find((item) => item.config === winner.config)?.wishes.get(key)?.value, winner.value);
      }
    }),
  );
});

test("merge() shows a conflict to both sides or to none", () => {
  fc.assert(
    fc.property(contributions, (list) => {
      for (const { key, conflict, winner } of merge(list)) {
        const peers = list.filter((item) => item.wishes.has(key) && item.priority === winner.priority);
        const values = new Set(peers.map((item) => item.wishes.get(key)?.value));
        const names = conflict.map((ask) => ask.config);
        assert.deepEqual(names, values.size > 1 ? peers.map((item) => item.config).toSorted() : []);
      }
    }),
  );
});

test("merge() never yields a laxer limit when one more config of the same priority joins", () => {
  fc.assert(
    fc.property(contributions, fc.record({ wishes }), (list, { wishes: more }) => {
      const level = (items: readonly Contribution[]) => items.map((item) => ({ ...item, priority: 0 }));
      const before = merge(level(list));
      const after = merge(level([...list, { config: "z", priority: 0, generation: 1, wishes: more }]));
      for (const key of tuntapKeys.slice(0, 2)) {
        const was = before.find((decision) => decision.key === key)?.winner.value;
        const now = after.find((decision) => decision.key === key)?.winner.value;
        assert.ok(was === undefined || Number(now) <= Number(was));
      }
    }),
  );
});
