import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { attachmentOf, idA, netns, reportOf } from "../../../test/agent/taps.ts";
import { opens, pending, running, verifierBed } from "../../../test/agent/verifier-bed.ts";

describe("what a verifier remembers of pods", () => {
  test("forgets an attachment soon when the pod goes just after its tap", async (t) => {
    const { world, set, clock } = verifierBed(t);
    await clock.advance(0);
    assert.deepEqual([world.asked, Object.keys(world.state.attachments)], [1, [idA]]);
    set({ pod: undefined });
    await clock.advance(70_000);
    assert.deepEqual([world.asked, Object.keys(world.state.attachments)], [2, []]);
  });

  test("asks for a pod that stays ever more rarely, every five minutes in the end", async (t) => {
    const { world, clock } = verifierBed(t);
    await clock.advance(900_000);
    const before = world.asked;
    assert.ok(before <= 6, `${before}`);
    await clock.advance(3_000_000);
    assert.ok(world.asked - before >= 8 && world.asked - before <= 10, `${world.asked - before}`);
  });

  test("takes a pod of the same name and another uid for another one", async (t) => {
    const { world, set, clock } = verifierBed(t);
    set({ pod: { ...pending, uid: "p2" } });
    await clock.advance(0);
    assert.deepEqual(world.state.attachments, {});
  });

  const kept: Record<string, Partial<ReturnType<typeof verifierBed>["world"]>> = {
    "while the tap is there": { report: reportOf([opens(0)]), pod: undefined },
    "while the inspection fails": { report: new Error("EIO"), pod: undefined },
    "while its namespace cannot be read": { report: reportOf([], [{ netns, why: "EIO" }]), pod: undefined },
    "while the API server does not answer": { pod: new Error("ECONNREFUSED") },
    "while the pod exists": { pod: running },
  };
  for (const [sentence, part] of Object.entries(kept)) {
    test(`forgets no attachment ${sentence}`, async (t) => {
      const { world, set, clock } = verifierBed(t);
      set(part);
      await clock.advance(900_000);
      assert.deepEqual(Object.keys(world.state.attachments), [idA]);
    });
  }

  test("asks for few pods at a time", async (t) => {
    const many = Array.from({ length: 40 }, (_, index) => [`${index}`, attachmentOf({ podUid: `${index}` })] as const);
    const { world, set, clock } = verifierBed(t, Object.fromEntries(many));
    set({ pod: undefined });
    await clock.advance(0);
    assert.equal(world.asked, 16);
    await clock.advance(60_000);
    assert.deepEqual([world.asked, world.state.attachments], [40, {}]);
  });
});
