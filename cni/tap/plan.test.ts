import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Link, TapState } from "../kernel/kernel.ts";
import { formatAlias, parseAlias } from "./alias.ts";
import { planTap, type WantedTap } from "./plan.ts";

const ourId = "a".repeat(32);
const wanted: WantedTap = {
  name: "tap0",
  mode: "companion",
  queues: 4,
  owner: 107,
  group: 107,
  mac: undefined,
  mtuBytes: 1450,
  qdisc: "noqueue",
  bridge: undefined,
  selinuxContext: undefined,
  networkId: "b".repeat(16),
  attachmentId: ourId,
};
const tapState: TapState = {
  isTap: true,
  isMultiQueue: true,
  isPersistent: true,
  owner: 107,
  group: 107,
  queues: 0,
  disabledQueues: 0,
};
const ourAlias = formatAlias({ mode: "companion", queues: 4, networkId: "b".repeat(16), attachmentId: ourId });
const link = (fields: Partial<Link>): Link => ({
  index: 7,
  name: "tap0",
  kind: "tun",
  mac: "02:00:00:00:00:01",
  mtuBytes: 1500,
  isUp: true,
  hasCarrier: false,
  txQueueLength: 1000,
  alias: ourAlias,
  master: undefined,
  qdisc: "noqueue",
  tap: tapState,
  ...fields,
});

describe("planTap()", () => {
  test("makes everything before the tap comes up, and persists it last", () => {
    assert.deepEqual(planTap({ ...wanted, mac: "02:00:00:00:00:02", bridge: "br0" }, undefined), {
      kind: "create",
      replaces: undefined,
      isMultiQueue: true,
      operations: [
        { kind: "setOwner", uid: 107 },
        { kind: "setGroup", gid: 107 },
        { kind: "setMac", mac: "02:00:00:00:00:02" },
        { kind: "setMtu", mtuBytes: 1450 },
        { kind: "setAlias", alias: ourAlias },
        { kind: "setQdisc", qdisc: "noqueue" },
        { kind: "setMaster", bridge: "br0" },
        { kind: "setUp" },
        { kind: "persist" },
      ],
    });
  });

  test("leaves out what is not wanted", () => {
    const plan = planTap({ ...wanted, mtuBytes: undefined, qdisc: "default", queues: 1 }, undefined);
    assert.ok(plan.kind === "create");
    assert.equal(plan.isMultiQueue, false);
    assert.deepEqual(
      plan.operations.map(({ kind }) => kind),
      ["setOwner", "setGroup", "setAlias", "setUp", "persist"],
    );
  });

  test("replaces its own leftover", () => {
    const leftover = link({});
    const plan = planTap(wanted, leftover);
    assert.ok(plan.kind === "create");
    assert.equal(plan.replaces, leftover);
  });

  const adopted = formatAlias({ mode: "adopted", queues: 4 });
  const other = formatAlias({ mode: "companion", queues: 4, networkId: "b".repeat(16), attachmentId: "c".repeat(32) });
  const conflicts: Record<string, { found: Link; why: RegExp }> = {
    "a link of another kind": { found: link({ kind: "veth", tap: undefined }), why: /a link of kind "veth"/ },
    "the loopback": { found: link({ kind: undefined, tap: undefined, alias: undefined }), why: /a link without kind/ },
    "a tun with our alias": { found: link({ tap: { ...tapState, isTap: false } }), why: /a link of kind "tun"/ },
    "a tap without alias": { found: link({ alias: undefined }), why: /mqtap did not make$/ },
    "a tap with another alias": { found: link({ alias: "web" }), why: /did not make \(alias "web"\)/ },
    "a tap that was only adopted": { found: link({ alias: adopted }), why: /another attachment/ },
    "another attachment's tap": { found: link({ alias: other }), why: /another attachment/ },
    "our own tap in use": {
      found: link({ tap: { ...tapState, queues: 1, disabledQueues: 3 } }),
      why: /4 of its queues open/,
    },
    "our own single-queue tap in use": {
      found: link({ hasCarrier: true, tap: { ...tapState, isMultiQueue: false, queues: undefined } }),
      why: /a program has its queue open/,
    },
  };
  for (const [what, { found, why }] of Object.entries(conflicts)) {
    test(`touches no ${what}`, () => {
      const plan = planTap(wanted, found);
      assert.ok(plan.kind === "conflict");
      assert.match(plan.why, why);
    });
  }

  test("whatever is wanted: one alias that says so, noqueue before up, persist once and last", () => {
    const wants = fc.record({
      name: fc.constant("tap0"),
      mode: fc.constantFrom("main" as const, "companion" as const, "binding" as const),
      queues: fc.integer({ min: 1, max: 256 }),
      owner: fc.nat(),
      group: fc.nat(),
      mac: fc.option(fc.constant("02:00:00:00:00:02"), { nil: undefined }),
      mtuBytes: fc.option(fc.integer({ min: 68, max: 65_521 }), { nil: undefined }),
      qdisc: fc.constantFrom("noqueue" as const, "default" as const),
      bridge: fc.option(fc.constant("br0"), { nil: undefined }),
      selinuxContext: fc.constant(undefined),
      networkId: fc.constant("b".repeat(16)),
      attachmentId: fc.constant(ourId),
    });
    fc.assert(
      fc.property(wants, (want) => {
        const plan = planTap(want, undefined);
        assert.ok(plan.kind === "create");
        const kinds = plan.operations.map(({ kind }) => kind);
        assert.equal(new Set(kinds).size, kinds.length);
        assert.deepEqual(kinds.slice(-2), ["setUp", "persist"]);
        assert.equal(plan.isMultiQueue, want.queues > 1);
        const alias = plan.operations.find((operation) => operation.kind === "setAlias");
        const { mode, queues, networkId, attachmentId } = want;
        assert.deepEqual(parseAlias(alias?.alias), { mode, queues, networkId, attachmentId });
        const madeLink = link({ alias: alias?.alias });
        const again = planTap(want, madeLink);
        assert.ok(again.kind === "create" && again.replaces === madeLink);
      }),
    );
  });
});
