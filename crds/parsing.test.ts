// What the parsers take and refuse. The same objects are tried on a real API server in test/e2e/crds.test.ts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { validConfigSpec } from "../test/crds/arbitraries.ts";
import { invalidObjects } from "../test/crds/invalid-objects.ts";
import { config, type Json, profile } from "../test/crds/objects.ts";
import { validObjects } from "../test/crds/valid-objects.ts";
import { parseNodeNetworkConfig, parseNodeNetworkConfigStatus } from "./node-network-config.ts";
import { parseNodeNetworkProfile, parseNodeNetworkProfileStatus } from "./node-network-profile.ts";
import { InvalidResourceError } from "./resource.ts";

const parse = (object: Json) =>
  object["kind"] === "NodeNetworkConfig" ? parseNodeNetworkConfig(object) : parseNodeNetworkProfile(object);

describe("the parser takes", () => {
  for (const [sentence, object] of Object.entries(validObjects)) test(sentence, () => void parse(object));
});

describe("the parser refuses", () => {
  for (const [sentence, { object }] of Object.entries(invalidObjects)) {
    test(sentence, () => assert.throws(() => parse(object), InvalidResourceError));
  }
});

test("parseNodeNetworkConfig() fills in the defaults", () => {
  const { spec, status } = parseNodeNetworkConfig(config({ nodeSelector: {} }));
  assert.deepEqual(spec, {
    nodeSelector: {},
    priority: 0,
    rollout: { maxConcurrent: "10%", canary: 0, pauseBetween: "0s", progressDeadline: "10m" },
    paused: false,
    onRemoval: "Restore",
  });
  assert.deepEqual(status, {});
});

test("parseNodeNetworkConfig() takes every valid spec, and its own result again", () => {
  fc.assert(
    fc.property(validConfigSpec, (spec) => {
      const once = parseNodeNetworkConfig(config(spec));
      assert.deepEqual(parseNodeNetworkConfig(once), once);
    }),
  );
});

test("parseNodeNetworkProfile() drops what it does not know, as the API server does", () => {
  const { spec } = parseNodeNetworkProfile(profile({ fromTheFuture: 1 }));
  assert.deepEqual(Object.keys(spec), ["tuntap", "sysctls", "sources", "hash"]);
});

test("an object without metadata is refused with its fields named", () => {
  assert.throws(() => parseNodeNetworkProfile({ spec: {} }), {
    name: "InvalidResourceError",
    message: /^cannot read NodeNetworkProfile without a name: metadata: .*spec\.hash: /,
  });
});

test("a refusal names the object and the field at fault", () => {
  assert.throws(() => parseNodeNetworkConfig(config({ nodeSelector: {}, tuntap: { maxQueues: 1 } }, "dense")), {
    message: /^cannot read NodeNetworkConfig "dense": spec\.tuntap\.maxQueues: must be 2 to 256: a cap below 2/,
  });
});

test("parseNodeNetworkProfile() keeps what it understands of a status and leaves out the rest", () => {
  const applied = {
    type: "Applied",
    status: "True",
    lastTransitionTime: "2026-11-22T18:00:00Z",
    reason: "Applied",
    message: "",
  };
  const status = {
    observedGeneration: 7,
    appliedHash: 12,
    tuntap: { maxQueues: 4, enforcedBy: "Hardware", kernelLimit: 256, original: null },
    sysctls: [
      { name: "net.core.netdev_budget", desired: "300", observed: "600", original: null, state: "Overridden" },
      { name: "net.core.netdev_budget_usecs", state: "Imagined" },
    ],
    overLimit: -1,
    conditions: [applied, { type: "Applied" }],
    later: {},
  };
  assert.deepEqual(parseNodeNetworkProfile({ ...profile({}), status }).status, {
    observedGeneration: 7,
    tuntap: { maxQueues: 4, kernelLimit: 256, original: null },
    sysctls: [status.sysctls[0]],
    conditions: [applied],
  });
});

test("parseNodeNetworkConfig() keeps what it understands of a status and leaves out the rest", () => {
  const status = {
    observedGeneration: "3",
    nodes: { enforced: "1/2", matched: 2, ready: "one", enforcedBy: { sysctl: 1, bpf: 0, magic: 1 } },
    failing: [{ node: "n7", reason: "ReadBackMismatch", message: "" }, { node: 8 }],
    conditions: "none",
  };
  assert.deepEqual(parseNodeNetworkConfig({ ...config({ nodeSelector: {} }), status }).status, {
    nodes: { enforced: "1/2", matched: 2, enforcedBy: { sysctl: 1, bpf: 0 } },
    failing: [status.failing[0]],
    conditions: [],
  });
});

test("no status is refused", () => {
  const anyStatus = fc.oneof(
    fc.anything(),
    fc.record({ conditions: fc.anything(), nodes: fc.anything(), tuntap: fc.anything(), sysctls: fc.anything() }),
  );
  fc.assert(
    fc.property(anyStatus, (status) => {
      parseNodeNetworkConfigStatus(status);
      parseNodeNetworkProfileStatus(status);
    }),
  );
});
