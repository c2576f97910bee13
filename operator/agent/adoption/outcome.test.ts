import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AdoptedTap, TapOutcome } from "../../../cni/adopt/report.ts";
import { consequenceOf } from "./outcome.ts";

const attachment = {
  ...{ podUid: "p1", pod: "shop/virt-launcher-win-x", vmi: "shop/win", vmiUid: "v1", network: "default" },
  ...{ tapName: "tap0", wanted: 8, queues: 4, wished: 4, why: "8 -> 4", at: "2026-11-01T00:00:00.000Z" },
  ...{ isAdopted: true, netns: "/run/netns/a" },
};
const tap = (outcome: TapOutcome, why?: string): AdoptedTap => ({
  ...{ name: "tap0", queues: 4, outcome, why, qdiscBefore: "mq" },
});

describe("consequenceOf()", () => {
  const plain: Readonly<Partial<Record<TapOutcome, string>>> = {
    adopted: "adopted",
    unchanged: "adopted",
    owned: "forget",
    missing: "open",
  };
  for (const [outcome, kind] of Object.entries(plain) as [TapOutcome, string][]) {
    test(`${outcome}: ${kind}`, () => {
      assert.equal(consequenceOf(attachment, tap(outcome)).kind, kind);
    });
  }

  for (const outcome of ["foreign", "shaped", "mismatch", "failed"] as const) {
    test(`${outcome}: the owner reads why, and nobody expects the cap any more`, () => {
      const left = consequenceOf(attachment, tap(outcome, "because"));
      assert.ok(left.kind === "left");
      const { reason, type, regarding, related, note } = left.event;
      assert.deepEqual([reason, type], ["TapNotAdopted", "Warning"]);
      assert.deepEqual([regarding.namespace, regarding.name, regarding.uid], ["shop", "win", "v1"]);
      assert.deepEqual([related?.name, related?.uid], ["virt-launcher-win-x", "p1"]);
      assert.match(
        note,
        /^the tap of network "default" is not adopted: because; so the VM opens 8 queues instead of 4: /,
      );
      const { queues, why, said, ...rest } = left.attachment;
      assert.deepEqual([queues, why, said, "wished" in rest], [8, note, ["TapNotAdopted"], false]);
    });
  }

  test("where the queues stay what they are, only the memory is missed", () => {
    const left = consequenceOf({ ...attachment, queues: 8 }, tap("shaped", "because"));
    assert.match(left.kind === "left" ? left.event.note : "", /because; so it costs its full memory: /);
  });
});
