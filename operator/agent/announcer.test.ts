import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../kube/clock.ts";
import type { NewEvent } from "../kube/events.ts";
import { createLog } from "../kube/log.ts";
import { Announcer } from "./announcer.ts";
import type { Problem } from "./reasons.ts";

const profile = { apiVersion: "mqtap.io/v1alpha1", kind: "NodeNetworkProfile", name: "n1" };
const problem: Problem = { reason: "Overridden", message: "wanted 4, observed 9" };

test("Announcer says a problem when it appears, not while it lasts, and again when it comes back", () => {
  const events: NewEvent[] = [];
  const log = createLog({ write: () => undefined, clock: systemClock });
  const announcer = new Announcer({ record: (event) => void events.push(event) }, log);
  for (const problems of [[problem], [problem], [], [problem]]) announcer.announce(profile, problems, []);
  assert.deepEqual(
    events.map(({ reason }) => reason),
    ["Overridden", "Overridden"],
  );
});

test("Announcer says each notice", () => {
  const events: NewEvent[] = [];
  const log = createLog({ write: () => undefined, clock: systemClock });
  const announcer = new Announcer({ record: (event) => void events.push(event) }, log);
  announcer.announce(profile, [], ["left at 9"]);
  assert.deepEqual(events[0], {
    regarding: profile,
    type: "Warning",
    reason: "NotRestored",
    action: "RestoreSysctl",
    note: "left at 9",
  });
});
