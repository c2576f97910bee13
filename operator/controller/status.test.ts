import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseNodeNetworkConfigStatus } from "../../crds/node-network-config.ts";
import * as arbitrary from "../../test/controller/arbitraries.ts";
import {
  backend,
  backlog,
  failedStatus,
  four,
  judge,
  normal,
  profilesOf,
  sysctls,
} from "../../test/controller/judge.ts";
import { appliedStatus, condition, config, node, world } from "../../test/controller/objects.ts";
import type { Circumstances } from "./node-standing.ts";
import { planNodes } from "./plan.ts";
import { reasons } from "./reasons.ts";
import { statusOf } from "./status.ts";

describe("statusOf() counts", () => {
  test("a node that has applied as ready, by what holds the limit there", () => {
    const { nodes } = judge([four], { n1: backend("Sysctl"), n2: backend("BPF"), n3: backend("Advisory") });
    assert.deepEqual(nodes, {
      enforced: "2/3",
      progress: "3/3",
      matched: 3,
      ready: 3,
      progressing: 0,
      failed: 0,
      unreachable: 0,
      unsupported: 0,
      overridden: 0,
      enforcedBy: { sysctl: 1, bpf: 1, advisory: 1 },
    });
  });

  const standings: Readonly<
    Record<
      string,
      {
        readonly is: "ready" | "progressing" | "failed" | "unreachable";
        readonly report?: Readonly<Record<string, unknown>>;
        readonly circumstances?: Partial<Circumstances>;
      }
    >
  > = {
    "a node whose agent has not reported": { is: "progressing" },
    "a node whose report is about an older generation": {
      is: "progressing",
      report: appliedStatus({ observedGeneration: 0 }),
    },
    "a node that reports without a verdict": { is: "progressing", report: { observedGeneration: 1 } },
    "a node that cannot apply": { is: "failed", report: failedStatus("ReadBackMismatch", "the kernel says 8") },
    "a node that is unreachable, though it had applied": {
      is: "unreachable",
      report: appliedStatus(),
      circumstances: { isUnreachable: true },
    },
    "a node whose agent is silent beyond the deadline": {
      is: "failed",
      circumstances: { inFlightMs: 10 * 60_000 },
    },
    "a node whose agent is silent, before the deadline": {
      is: "progressing",
      circumstances: { inFlightMs: 10 * 60_000 - 1 },
    },
    "a node whose profile the API server refuses": { is: "failed", circumstances: { rejection: "too long" } },
    "a node that is degraded for another reason": {
      is: "ready",
      report: appliedStatus({
        conditions: [
          condition("Applied", "True", "Applied", ""),
          condition("Degraded", "True", "TunDeviceMissing", "x"),
        ],
      }),
    },
  };
  for (const [sentence, { is, report, circumstances = {} }] of Object.entries(standings)) {
    test(`${sentence} as ${is}`, () => {
      const { nodes } = judge([four], { n1: report }, { circumstances: { n1: circumstances } });
      const counted = { ready: 0, progressing: 0, failed: 0, unreachable: 0, [is]: 1 };
      const { ready, progressing, failed, unreachable } = nodes ?? {};
      assert.deepEqual({ ready, progressing, failed, unreachable }, counted);
    });
  }

  test("only nodes that the config selects", () => {
    const pool = config("a", { nodeSelector: { matchLabels: { pool: "x" } }, tuntap: { maxQueues: 4 } });
    const nodes = [node("n1", { labels: { pool: "x" } }), node("n2")];
    assert.equal(judge([pool], { n1: appliedStatus(), n2: appliedStatus() }, { nodes }).nodes?.matched, 1);
  });

  test("no failure of what another config asks for", () => {
    const other = config("b", { sysctls: [{ name: backlog, value: "1" }] });
    const broken = failedStatus("SysctlReadOnly", "read-only", { sysctls: [{ name: backlog, state: "Failed" }] });
    const mine = config("a", { sysctls: [{ name: "net.core.netdev_budget", value: "1" }] });
    assert.equal(judge([mine, other], { n1: broken }).nodes?.failed, 0);
    assert.equal(judge([other, mine], { n1: broken }).nodes?.failed, 1);
  });

  test("a Required limit that nothing in the kernel can hold as failed", () => {
    const required = config("a", { tuntap: { maxQueues: 4, enforcement: "Required" } });
    const status = judge([required], { n1: backend("Advisory"), n2: backend("Sysctl") });
    assert.deepEqual(
      status.failing?.map(({ node: name, reason }) => [name, reason]),
      [["n1", "EnforcementUnavailable"]],
    );
  });

  test("nothing as enforced for a config of sysctls alone", () => {
    const { nodes } = judge([sysctls], { n1: backend("Sysctl", { maxQueues: 256 }) });
    assert.deepEqual([nodes?.enforced, nodes?.enforcedBy], [undefined, { sysctl: 0, bpf: 0, advisory: 0 }]);
  });

  test("nodes under way against all matched in progress", () => {
    const nodes = ["n1", "n2", "n3"].map((name) => node(name));
    const status = judge([four], { n1: appliedStatus() }, { nodes, circumstances: { n3: { isUnreachable: true } } });
    assert.equal(status.nodes?.progress, "2/3");
  });
});

test("statusOf() keeps the time of a condition that has not turned", () => {
  const before = judge([four], { n1: appliedStatus() });
  const later = statusOf({
    config: { ...four, status: before },
    plans: [...planNodes(world({ configs: [four], nodes: [node("n1")] })).values()],
    profiles: world({ profiles: profilesOf([four], [node("n1")], { n1: appliedStatus() }) }).profiles,
    circumstancesOf: () => normal,
    now: new Date("2026-11-22T13:00:00Z"),
  });
  assert.deepEqual(later, before);
});

test("statusOf() is whole, small and made of known reasons, whatever the world", () => {
  const report = fc.option(
    fc.constantFrom(
      appliedStatus(),
      backend("Sysctl"),
      backend("Advisory"),
      failedStatus("ReadBackMismatch", "x".repeat(2000)),
      appliedStatus({ sysctls: [{ name: backlog, state: "Unsupported" }] }),
    ),
    { nil: undefined },
  );
  const reports = fc.record({ n1: report, n2: report, n3: report, n4: report });
  fc.assert(
    fc.property(arbitrary.configs, arbitrary.nodes, reports, (configs, nodes, given) => {
      for (const [i, own] of configs.entries()) {
        const status = judge([own, ...configs.toSpliced(i, 1)], given, { nodes });
        const { matched = 0, ready = 0, progressing = 0, failed = 0, unreachable = 0 } = status.nodes ?? {};
        assert.equal(matched, ready + progressing + failed + unreachable);
        assert.deepEqual(
          status.conditions?.map(({ type }) => type),
          ["Ready", "Progressing", "Degraded", "Conflicting", "Paused"],
        );
        assert.ok(status.conditions?.every(({ reason }) => Object.hasOwn(reasons, reason)));
        assert.ok(JSON.stringify(status).length < 16_000);
        // the CRD takes it: what its own parser would drop, the API server would refuse
        assert.deepEqual(parseNodeNetworkConfigStatus(status), status);
      }
    }),
    { numRuns: 60 },
  );
});
