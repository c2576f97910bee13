import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Link } from "../kernel/kernel.ts";
import { type AdoptionPlan, planAdoption } from "./adopt-tap.ts";

const tap: NonNullable<Link["tap"]> = {
  ...{ isTap: true, isMultiQueue: true, isPersistent: true, owner: 107, group: 107, queues: 0, disabledQueues: 0 },
};
/** As KubeVirt leaves it before it is up. */
const made: Link = {
  ...{ index: 7, name: "tap0", kind: "tun", mac: "02:00:00:00:00:01", mtuBytes: 1500, isUp: false, hasCarrier: false },
  ...{ txQueueLength: 1000, alias: undefined, master: undefined, qdisc: "noop", tap },
};
const wanted = { name: "tap0", queues: 4 };
const ours = "mqtap/1 q=4 m=adopted";
const owned = `mqtap/1 q=4 m=companion n=${"0".repeat(16)} a=${"0".repeat(32)}`;
const single = { ...tap, isMultiQueue: false, queues: undefined, disabledQueues: undefined };

const cases: Readonly<
  Record<string, { link: Link | undefined; queues?: number | undefined; plan: Partial<AdoptionPlan> }>
> = {
  "a tap that is not there is waited for": { link: undefined, plan: { kind: "wait" } },
  "a tap that its maker has not made persistent is waited for": {
    link: { ...made, tap: { ...tap, isPersistent: false } },
    plan: { kind: "wait" },
  },
  "a new tap gets alias and noqueue": { link: made, plan: { kind: "adopt", alias: ours, needsNoqueue: true } },
  "a tap that is up has its mq replaced": {
    link: { ...made, qdisc: "mq", isUp: true },
    plan: { kind: "adopt", alias: ours, needsNoqueue: true },
  },
  "a tap with an older number gets the new one": {
    link: { ...made, qdisc: "noqueue", alias: "mqtap/1 q=8 m=adopted" },
    plan: { kind: "adopt", alias: ours, needsNoqueue: false },
  },
  "an interrupted adoption is ended": {
    link: { ...made, qdisc: "mq", alias: ours },
    plan: { kind: "adopt", alias: undefined, needsNoqueue: true },
  },
  "an adopted tap stays as it is": {
    link: { ...made, qdisc: "noqueue", alias: ours },
    plan: { kind: "leave", outcome: "unchanged" },
  },
  "a tap of the plugin is left alone": {
    link: { ...made, qdisc: "noqueue", alias: owned },
    plan: { kind: "leave", outcome: "owned" },
  },
  "a tap of the plugin in the making is left alone": {
    link: { ...made, alias: owned, tap: { ...tap, isPersistent: false } },
    plan: { kind: "leave", outcome: "owned" },
  },
  "somebody else's alias is left alone": {
    link: { ...made, alias: "uplink of vm 7" },
    plan: { kind: "leave", outcome: "foreign" },
  },
  "an alias that only looks like ours is somebody else's": {
    link: { ...made, alias: "mqtap/1 q=999 m=adopted" },
    plan: { kind: "leave", outcome: "foreign" },
  },
  "a tun is no tap": { link: { ...made, tap: { ...tap, isTap: false } }, plan: { kind: "leave", outcome: "foreign" } },
  "a bridge is no tap": {
    link: { ...made, kind: "bridge", tap: undefined },
    plan: { kind: "leave", outcome: "foreign" },
  },
  "a shaped tap is left alone": { link: { ...made, qdisc: "htb" }, plan: { kind: "leave", outcome: "shaped" } },
  "a shaped tap is left alone, also with an older alias of ours": {
    link: { ...made, qdisc: "tbf", alias: "mqtap/1 q=8 m=adopted" },
    plan: { kind: "leave", outcome: "shaped" },
  },
  "a tap that was shaped after its adoption stays adopted": {
    link: { ...made, qdisc: "tbf", alias: ours },
    plan: { kind: "leave", outcome: "unchanged" },
  },
  "a shaped tap of a running VM is left alone": {
    link: { ...made, qdisc: "tbf" },
    queues: undefined,
    plan: { kind: "leave", outcome: "shaped" },
  },
  "a tap for one queue does not fit four": {
    link: { ...made, tap: single },
    plan: { kind: "leave", outcome: "mismatch" },
  },
  "a tap for several queues does not fit one": {
    link: made,
    queues: 1,
    plan: { kind: "leave", outcome: "mismatch" },
  },
  "a running VM's tap gets noqueue alone": {
    link: { ...made, qdisc: "mq" },
    queues: undefined,
    plan: { kind: "adopt", alias: undefined, needsNoqueue: true },
  },
  "a running VM's tap with one queue gets it too": {
    link: { ...made, qdisc: "pfifo_fast", tap: single },
    queues: undefined,
    plan: { kind: "adopt", alias: undefined, needsNoqueue: true },
  },
};

describe("planAdoption()", () => {
  for (const [sentence, { link, plan, ...more }] of Object.entries(cases)) {
    it(sentence, () => {
      assert.partialDeepStrictEqual(planAdoption({ ...wanted, ...more }, link), plan);
    });
  }

  it("has nothing to do after what it planned was done", () => {
    const links = fc.record({
      alias: fc.constantFrom(undefined, "", ours, owned, "mqtap/1 q=2 m=adopted", "else"),
      qdisc: fc.constantFrom("noop", "noqueue", "mq", "pfifo_fast", "fq_codel", "fq", "tbf", undefined),
      isMultiQueue: fc.boolean(),
      isPersistent: fc.boolean(),
    });
    const queues = fc.constantFrom(undefined, 1, 2, 4, 256);
    fc.assert(
      fc.property(links, queues, ({ alias, qdisc, ...bits }, count) => {
        const link = { ...made, alias, qdisc, tap: { ...tap, ...bits } };
        const plan = planAdoption({ name: "tap0", queues: count }, link);
        if (plan.kind !== "adopt") return;
        const done = { ...link, alias: plan.alias ?? alias, qdisc: plan.needsNoqueue ? "noqueue" : qdisc };
        assert.partialDeepStrictEqual(planAdoption({ name: "tap0", queues: count }, done), { outcome: "unchanged" });
      }),
    );
  });
});
