import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseNodeNetworkConfigStatus } from "../../crds/node-network-config.ts";
import { condition, config } from "../../test/controller/objects.ts";
import { configEvents } from "./config-events.ts";

const four = config("a", { tuntap: { maxQueues: 4 } });
type Json = Readonly<Record<string, unknown>>;
const status = (conditions: readonly Json[], nodes: Json = {}) => parseNodeNetworkConfigStatus({ conditions, nodes });
const usual = [
  condition("Ready", "True", "AllNodesReady", "all"),
  condition("Progressing", "False", "Complete", "none"),
  condition("Degraded", "False", "AsExpected", "nothing"),
  condition("Conflicting", "False", "NoConflict", "none"),
  condition("Paused", "False", "NotPaused", "no"),
];
const failed = [
  condition("Ready", "False", "NodesFailed", "n1 failed"),
  condition("Progressing", "False", "Complete", "none"),
  condition("Degraded", "True", "NodesFailed", "n1 failed"),
  condition("Conflicting", "True", "ConflictingValues", "a and b"),
  condition("Paused", "True", "PausedBySpec", "paused"),
];

const turns: Readonly<
  Record<
    string,
    { readonly before: readonly Json[]; readonly after: readonly Json[]; readonly nodes?: Json; readonly are: string[] }
  >
> = {
  "a first status that is as usual tells of readiness alone": {
    before: [],
    after: usual,
    are: ["Normal AllNodesReady"],
  },
  "a status that only words differ in tells nothing": {
    before: usual,
    after: usual.map((one) => ({ ...one, message: "other words" })),
    are: [],
  },
  "one reason of two conditions is told once": {
    before: usual,
    after: failed,
    are: ["Warning NodesFailed", "Warning ConflictingValues", "Normal PausedBySpec"],
  },
  "the end of what was wrong is told": {
    before: failed,
    after: usual,
    are: ["Normal AllNodesReady", "Normal AsExpected", "Normal NoConflict", "Normal NotPaused"],
  },
  "the first node with a kernel sysctl is a warning": {
    before: usual,
    after: usual,
    nodes: { enforcedBy: { sysctl: 1 } },
    are: ["Warning KernelSysctlBindsAllTaps"],
  },
};
describe("configEvents()", () => {
  for (const [sentence, { before, after, nodes, are }] of Object.entries(turns)) {
    test(sentence, () => {
      const events = configEvents(four, status(before), status(after, nodes));
      assert.deepEqual(
        events.map(({ type, reason }) => `${type} ${reason}`),
        are,
      );
    });
  }

  test("a second node with a kernel sysctl is no news", () => {
    const before = status(usual, { enforcedBy: { sysctl: 1 } });
    assert.deepEqual(configEvents(four, before, status(usual, { enforcedBy: { sysctl: 2 } })), []);
  });

  test("an event is about the config, by its uid", () => {
    const [event] = configEvents(four, status([]), status(usual));
    assert.deepEqual(event?.regarding, {
      apiVersion: "mqtap.io/v1alpha1",
      kind: "NodeNetworkConfig",
      name: "a",
      uid: "uid-a",
    });
  });
});
