import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeLimits, podObject, sizingRequest, vmiObject } from "../../../test/agent/objects.ts";
import { systemClock } from "../../kube/clock.ts";
import type { NewEvent } from "../../kube/events.ts";
import { createLog } from "../../kube/log.ts";
import type { Attachment } from "../state.ts";
import { Announced } from "./announced.ts";
import { parsePod } from "./pod.ts";
import { createSizingService } from "./service.ts";
import { parseVmi } from "./vmi.ts";

const attachmentId = "a".repeat(32);

function bed({ multiqueue = true, hook = true, diskFails = false, maxQueues = 4 }) {
  const pod = parsePod(podObject({ hasHook: hook }));
  const vmi = parseVmi(vmiObject({ isMultiqueue: multiqueue }));
  const events: NewEvent[] = [];
  const remembered: [string, Attachment][] = [];
  let limit = maxQueues;
  const service = createSizingService({
    context: {
      nodeName: "n1",
      hookImageNames: ["mqtap-hook"],
      managedTapBindings: [],
      cluster: { pod: () => Promise.resolve(pod), vmi: () => Promise.resolve(vmi) },
      limits: async () => nodeLimits({ maxQueues: limit, maxQueuesSource: "NodeNetworkConfig/dense" }),
      sha256Hex: (text) => text,
    },
    remember: (id, attachment) => {
      remembered.push([id, attachment]);
      return diskFails ? Promise.reject(new Error("ENOSPC")) : Promise.resolve();
    },
    announced: new Announced(),
    events: { record: (event) => void events.push(event) },
    now: () => new Date(0),
    log: createLog({ write: () => undefined, clock: systemClock }),
  });
  const ask = () => service(sizingRequest({ attachmentId }), new AbortController().signal);
  const setLimit = (next: number): void => {
    limit = next;
  };
  return { ask, events, remembered, setLimit };
}

test("the sizing service remembers E and says it once", async () => {
  const { ask, events, remembered } = bed({});
  const first = await ask();
  assert.deepEqual(await ask(), first);
  assert.deepEqual(
    events.map(({ type, reason, note }) => ({ type, reason, note })),
    [
      {
        type: "Normal",
        reason: "QueuesPlanned",
        note: '8 -> 4 on network "default": node limit 4 by NodeNetworkConfig/dense',
      },
    ],
  );
  assert.equal(remembered[0]?.[0], attachmentId);
  assert.equal(remembered[0]?.[1].queues, 4);
});

test("the sizing service says anew what has changed between two tries", async () => {
  const { ask, events, setLimit } = bed({});
  await ask();
  setLimit(2);
  await ask();
  assert.deepEqual(
    events.map(({ note }) => note.split(" on ")[0]),
    ["8 -> 4", "8 -> 2"],
  );
});

test("the sizing service warns where a cap is only advisory", async () => {
  const { ask, events } = bed({ hook: false });
  await ask();
  assert.equal(events[0]?.type, "Warning");
  assert.match(events[0]?.note ?? "", /advisory: no hook/);
});

test("the sizing service has nothing to say of a VM without multiqueue", async () => {
  const { ask, events } = bed({ multiqueue: false });
  await ask();
  assert.deepEqual(events, []);
});

test("the sizing service remembers what was wished where nothing can apply it, and why", async () => {
  const { ask, remembered } = bed({ hook: false });
  await ask();
  const { wanted, queues, wished, obstacle } = remembered[0]?.[1] ?? {};
  assert.deepEqual([wanted, queues, wished, obstacle], [8, 8, 4, "no-hook"]);
});

test("the sizing service answers although its disk is full", async () => {
  const { ask } = bed({ diskFails: true });
  assert.equal((await ask()).kind, "tap");
});
