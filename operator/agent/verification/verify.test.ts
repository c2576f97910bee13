import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TapReport } from "../../../cni/inspect/report.ts";
import { aliasOf, attachmentOf, idA, idB, netns, reportOf, tapOf } from "../../../test/agent/taps.ts";
import type { Attachment } from "../state.ts";
import { verify } from "./verify.ts";

const steady = () => true;
const adopted = "mqtap/1 q=4 m=adopted";
const noHook = { queues: 8, obstacle: "no-hook", why: '8 on network "default": advisory: no hook' } as const;
const single = { wanted: 1, queues: 1, wished: 1 };
const opens = (queues: number, part: Partial<TapReport> = {}): TapReport => tapOf({ attachedQueues: queues, ...part });

interface Case {
  readonly attachment?: Partial<Attachment>;
  readonly tap: TapReport;
  /** Reasons, each with its cause. */
  readonly says: readonly string[];
  readonly note?: RegExp;
}

const cases: Record<string, Case> = {
  "says nothing while no queue is open": { tap: opens(0), says: [] },
  "says that the cap holds": {
    tap: opens(4),
    says: ["QueuesCapped"],
    note: /^8 -> 4 on network "default": node limit 4 by NodeNetworkConfig\/dense; the VM runs with 4$/,
  },
  "counts queues that the guest has not enabled": {
    tap: opens(1, { disabledQueues: 7 }),
    says: ["CapNotApplied hook-without-effect"],
  },
  "says that fewer than planned hold the cap too": { tap: opens(3), says: ["QueuesCapped"], note: /runs with 3$/ },
  "says nothing of a VM that gets all it wants": {
    attachment: { wanted: 4, wished: 4 },
    tap: opens(4),
    says: [],
  },
  "says nothing of a VM with one queue": {
    attachment: single,
    tap: tapOf({
      isMultiQueue: false,
      isOpen: true,
      attachedQueues: undefined,
      disabledQueues: undefined,
      alias: aliasOf(idA, 1),
    }),
    says: [],
  },
  "names the hook's log where the hook did nothing": {
    tap: opens(8),
    says: ["CapNotApplied hook-without-effect"],
    note: /^8 instead of 4 on network "default": .*kubectl logs -n shop virt-launcher-win-x --all-containers.*restart/,
  },
  "asks for the hook where there is none": {
    attachment: noHook,
    tap: opens(8, { alias: aliasOf(idA, 8) }),
    says: ["CapNotApplied no-hook"],
    note: /^8 instead of 4 .*no mqtap hook: add it.*--hook-image-names.*\(planned: 8 on network "default": advisory/,
  },
  "says that a cap holds although nothing could apply it": {
    attachment: noHook,
    tap: opens(3, { alias: aliasOf(idA, 8) }),
    says: ["QueuesCapped"],
    note: /^3 on network "default", within the 4 that are wished \(planned: 8 on network "default": advisory/,
  },
  "says nothing without a hook where nothing limits": {
    attachment: { ...noHook, wished: 8 },
    tap: opens(8, { alias: aliasOf(idA, 8) }),
    says: [],
  },
  "tells of a VM that migrated in": {
    attachment: { ...noHook, obstacle: "migration-target" },
    tap: opens(8, { alias: aliasOf(idA, 8) }),
    says: ["CapNotApplied migrated-in"],
    note: /migrated in and keeps the queues/,
  },
  "tells of a hotplugged interface": {
    attachment: { ...noHook, obstacle: "hotplugged" },
    tap: opens(8, { alias: aliasOf(idA, 8) }),
    says: ["CapNotApplied hotplugged"],
    note: /restart the VM, and the hook sees it/,
  },
  "suspects another hook where there are more than KubeVirt computes": {
    attachment: { wanted: 8, queues: 8, wished: 8 },
    tap: opens(16, { alias: aliasOf(idA, 8) }),
    says: ["CapNotApplied raised-by-another-hook"],
    note: /^16 instead of 8 .*KubeVirt computes 8/,
  },
  "suspects another hook where a number lies between plan and KubeVirt's": {
    tap: opens(5),
    says: ["CapNotApplied changed-by-another-hook"],
  },
  "says that the hook obeyed a changed alias, and that the alias was changed": {
    tap: opens(6, { alias: aliasOf(idA, 8) }),
    says: ["TapChanged", "CapNotApplied alias-changed"],
    note: /its alias says 8 queues instead of 4/,
  },
  "tells of a lost alias before anything is open": {
    attachment: { netns },
    tap: opens(0, { alias: undefined }),
    says: ["TapChanged"],
    note: /^tap "tap0" of network "default" is not as it was made: its alias is not the one that mqtap gave it/,
  },
  "tells of an alias that pretends to be adopted": {
    attachment: { netns },
    tap: opens(0, { alias: adopted }),
    says: ["TapChanged"],
  },
  "tells of a bit that does not fit": {
    tap: opens(0, { isMultiQueue: false, attachedQueues: undefined, disabledQueues: undefined }),
    says: ["TapChanged"],
    note: /it is not multiqueue, which does not fit 4 queues/,
  },
  "tells of a multiqueue tap where one queue was planned": {
    attachment: single,
    tap: opens(0, { alias: aliasOf(idA, 1) }),
    says: ["TapChanged"],
    note: /it is multiqueue, which does not fit 1 queue\./,
  },
  "waits for the alias of a tap that is being adopted": {
    attachment: { netns, isAdopted: true },
    tap: opens(0, { alias: undefined }),
    says: [],
  },
  "tells of an adopted tap that pretends to be made by mqtap": {
    attachment: { netns, isAdopted: true },
    tap: opens(0, { alias: aliasOf(idB) }),
    says: ["TapChanged"],
  },
  "says that an adopted tap's cap holds": {
    attachment: { netns, isAdopted: true },
    tap: opens(4, { alias: adopted }),
    says: ["QueuesCapped"],
  },
  "says that an alias may have come too late to an adopted tap": {
    attachment: { netns, isAdopted: true },
    tap: opens(8, { alias: adopted }),
    says: ["CapNotApplied hook-without-effect"],
    note: /before the tap was adopted/,
  },
  "does not say again what was said": { attachment: { said: ["QueuesCapped"] }, tap: opens(4), says: [] },
  "says that a cap holds no more, after it did": {
    attachment: { said: ["QueuesCapped"] },
    tap: opens(8),
    says: ["CapNotApplied hook-without-effect"],
  },
};

describe("verify()", () => {
  for (const [sentence, { attachment, tap, says, note = /(?:)/ }] of Object.entries(cases)) {
    test(sentence, () => {
      const { news, revised } = verify(reportOf([tap]), { [idA]: attachmentOf(attachment) }, steady);
      assert.deepEqual(
        news.map(({ reason, cause }) => `${reason} ${cause}`.trim()),
        says,
      );
      if (news[0] !== undefined) assert.match(news[0].event.note, note);
      for (const { reason, event } of news) {
        assert.deepEqual(
          [event.reason, event.type, event.regarding.name, event.regarding.uid, event.related?.name],
          [reason, reason === "QueuesCapped" ? "Normal" : "Warning", "win", "v1", "virt-launcher-win-x"],
        );
        assert.ok(revised.get(idA)?.said?.includes(reason));
      }
    });
  }

  test("says nothing of a count that was seen once only", () => {
    const { news, verdicts } = verify(reportOf([opens(8)]), { [idA]: attachmentOf() }, () => false);
    assert.deepEqual([news, verdicts.over], [[], 1]);
  });

  test("does not say to a new sandbox what was said to an earlier one of the same pod", () => {
    const attachments = { [idB]: attachmentOf({ said: ["QueuesCapped"] }), [idA]: attachmentOf() };
    assert.deepEqual(verify(reportOf([opens(4)]), attachments, steady).news, []);
    const other = { [idB]: attachmentOf({ said: ["QueuesCapped"], network: "blue" }), [idA]: attachmentOf() };
    assert.equal(verify(reportOf([opens(4)]), other, steady).news.length, 1);
  });

  test("remembers where a tap was seen, and touches no attachment that has nothing new", () => {
    const first = verify(reportOf([opens(0)]), { [idA]: attachmentOf() }, steady);
    assert.deepEqual(first.revised.get(idA), attachmentOf({ netns }));
    assert.equal(verify(reportOf([opens(0)]), { [idA]: attachmentOf({ netns }) }, steady).revised.size, 0);
  });

  test("knows by its carrier whether a single-queue tap is open", () => {
    const tap = tapOf({ isMultiQueue: false, attachedQueues: undefined, disabledQueues: undefined });
    const verdictsOf = (isOpen: boolean) =>
      verify(reportOf([{ ...tap, isOpen }]), { [idA]: attachmentOf(single) }, steady).verdicts;
    assert.deepEqual([verdictsOf(true)["as-planned"], verdictsOf(false).closed], [1, 1]);
  });

  test("counts taps by how they stand, and gives those without a tap", () => {
    const attachments = { [idA]: attachmentOf(), [idB]: attachmentOf({ tapName: "tap1", podUid: "p2" }) };
    const { verdicts, absent } = verify(reportOf([opens(4)]), attachments, steady);
    assert.deepEqual(verdicts, { closed: 0, "as-planned": 0, capped: 1, over: 0, unseen: 1 });
    assert.deepEqual([...absent.keys()], [idB]);
  });

  test("takes what could not be looked at for neither absent nor changed", () => {
    const failures = [{ netns, why: "EIO" }];
    const { absent, news, revised } = verify(reportOf([], failures), { [idA]: attachmentOf({ netns }) }, steady);
    assert.deepEqual([absent.size, news.length, revised.size], [0, 0, 0]);
  });
});
