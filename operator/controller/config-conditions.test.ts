import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { backend, backlog, failedStatus, find, four, judge, short, sysctls } from "../../test/controller/judge.ts";
import { appliedStatus, condition, config } from "../../test/controller/objects.ts";

describe("statusOf() says", () => {
  test("at most ten failing nodes, with what their agents say", () => {
    const names = Array.from({ length: 14 }, (_, i) => `n${String(i).padStart(2, "0")}`);
    const broken = failedStatus("ReadBackMismatch", "the kernel says 8");
    const status = judge([four], Object.fromEntries(names.map((name) => [name, broken])));
    assert.equal(status.nodes?.failed, 14);
    assert.deepEqual(
      status.failing?.map(({ node: name }) => name),
      names.slice(0, 10),
    );
    assert.match(
      find(status, "Degraded").message,
      /^14 of 14 nodes failed, first n00 \(ReadBackMismatch\): the kernel says 8$/,
    );
  });

  test("where the limit is advisory, and why", () => {
    const { message } = find(judge([four], { n1: backend("Advisory") }), "Ready");
    assert.match(message, /On 1 node the limit is advisory, since neither a kernel sysctl nor a BPF guard can hold it/);
  });

  test("that an advisory limit was asked for, where it was", () => {
    const asked = config("a", { tuntap: { maxQueues: 4, enforcement: "Advisory" } });
    const { message } = find(judge([asked], { n1: backend("Advisory") }), "Ready");
    assert.match(message, /the limit is advisory, as asked/);
  });

  test("that a kernel sysctl binds every tap", () => {
    const { message } = find(judge([four], { n1: backend("Sysctl") }), "Ready");
    assert.match(message, /a kernel sysctl, which binds every tap there: a VM that opens more queues.*fails to start/);
  });

  test("that a kernel without the key is normal, where others have it", () => {
    const status = judge([sysctls], {
      n1: appliedStatus({ sysctls: [{ name: backlog, state: "Unsupported" }] }),
      n2: appliedStatus({ sysctls: [{ name: backlog, state: "Applied" }] }),
    });
    assert.equal(short(status, "Ready"), "True AllNodesReady");
    assert.equal(status.nodes?.unsupported, 1);
    assert.match(find(status, "Ready").message, /has no net\.core\.netdev_max_backlog, which is normal: nothing to do/);
  });

  test("that no node can honour a key", () => {
    const unsupported = appliedStatus({ sysctls: [{ name: backlog, state: "Unsupported" }] });
    const status = judge([sysctls], { n1: unsupported, n2: unsupported });
    assert.equal(short(status, "Ready"), "False UnsupportedEverywhere");
    assert.equal(short(status, "Degraded"), "True UnsupportedEverywhere");
    assert.match(find(status, "Ready").message, /take it out of spec\.sysctls, or select nodes whose kernel has it/);
  });

  test("who changes a sysctl back, and where to look", () => {
    const status = judge([sysctls], {
      n1: appliedStatus({ sysctls: [{ name: backlog, desired: "5000", observed: "1000", state: "Overridden" }] }),
    });
    assert.equal(status.nodes?.overridden, 1);
    assert.equal(short(status, "Degraded"), "True ValuesOverridden");
    assert.match(find(status, "Degraded").message, /n1: net\.core\.netdev_max_backlog shall be "5000" and is "1000"/);
  });

  test("that someone else keeps the kernel's own limit at another value than mqtap has set", () => {
    const givenUp = {
      tuntap: { maxQueues: 4, enforcedBy: "Advisory" as const, kernelLimit: 256, original: 16 },
      conditions: [
        condition("Applied", "True", "Overridden", "someone else"),
        condition("Degraded", "True", "Overridden", "someone else"),
      ],
    };
    const status = judge([four], { n1: appliedStatus(givenUp) });
    assert.equal(status.nodes?.overridden, 1);
    assert.equal(short(status, "Degraded"), "True ValuesOverridden");
    assert.match(find(status, "Degraded").message, /tuntap\.maxQueues shall be "4" and is "256"/);
  });

  test("what a node calls degraded", () => {
    const conditions = [
      condition("Applied", "True", "Applied", ""),
      condition("Degraded", "True", "KernelLimitBelowTwo", "raise it"),
    ];
    const status = judge([four], { n1: appliedStatus({ conditions }) });
    assert.match(
      find(status, "Degraded").message,
      /1 node reports a problem, first n1 \(KernelLimitBelowTwo\): raise it/,
    );
  });

  test("that no node is selected, and what to compare", () => {
    const status = judge([config("a", { nodeSelector: { matchLabels: { no: "where" } } })], { n1: appliedStatus() });
    assert.equal(short(status, "Ready"), "False NoNodeSelected");
    assert.match(find(status, "Ready").message, /kubectl get nodes --show-labels/);
  });

  test("Unknown rather than a lie when no node can be reached", () => {
    const status = judge([four], { n1: appliedStatus() }, { circumstances: { n1: { isUnreachable: true } } });
    assert.equal(short(status, "Ready"), "Unknown NodesUnreachable");
  });

  test("ready while one of several nodes is unreachable", () => {
    const status = judge(
      [four],
      { n1: appliedStatus(), n2: undefined },
      { circumstances: { n2: { isUnreachable: true } } },
    );
    assert.equal(short(status, "Ready"), "True AllNodesReady");
    assert.match(find(status, "Ready").message, /1 node is unreachable and will apply it when back/);
  });

  test("progress while nodes are under way", () => {
    const status = judge([four], { n1: undefined, n2: appliedStatus() });
    assert.deepEqual([short(status, "Ready"), short(status, "Progressing")], ["False RollingOut", "True RollingOut"]);
    assert.equal(find(status, "Ready").message, "applied on 1 of 2 nodes");
  });

  test("for which generation it speaks", () => {
    const status = judge([four], { n1: appliedStatus() });
    assert.deepEqual(
      [status.observedGeneration, ...(status.conditions ?? []).map((c) => c.observedGeneration)],
      [2, 2, 2, 2, 2, 2],
    );
  });
});

describe("statusOf() on configs that meet", () => {
  const eight = config("b", { tuntap: { maxQueues: 8 } });

  test("shows a conflict on both, with key, nodes and values", () => {
    const reports = { n1: appliedStatus(), n2: appliedStatus() };
    const words = "tuntap.maxQueues on n1, n2: a asks for 4, b asks for 8; 4 is in force. Make the values equal";
    for (const pair of [
      [four, eight],
      [eight, four],
    ] as const) {
      const status = judge(pair, reports);
      assert.equal(short(status, "Conflicting"), "True ConflictingValues");
      assert.ok(find(status, "Conflicting").message.startsWith(words), find(status, "Conflicting").message);
    }
  });

  test("tells the one with the lower priority who decides, without calling it a conflict", () => {
    const top = config("top", { priority: 9, tuntap: { maxQueues: 8 } });
    const status = judge([four, top], { n1: appliedStatus() });
    assert.equal(short(status, "Conflicting"), "False NoConflict");
    assert.match(
      find(status, "Conflicting").message,
      /tuntap\.maxQueues on n1 comes from NodeNetworkConfig\/top, which has priority 9/,
    );
  });
});

describe("statusOf() of a paused config", () => {
  const paused = config("a", { paused: true, tuntap: { maxQueues: 2 } }, { generation: 3 });

  test("says what waits and how to go on", () => {
    const status = judge([paused], { n1: appliedStatus() }, { rendered: [four] });
    assert.equal(short(status, "Ready"), "False PausedBySpec");
    assert.equal(short(status, "Paused"), "True PausedBySpec");
    assert.equal(short(status, "Progressing"), "False PausedBySpec");
    assert.match(
      find(status, "Ready").message,
      /on 1 of 1 node this config is not in force as it is written.*spec\.paused to false/,
    );
  });

  test("is ready where every node has what it asks for", () => {
    const same = config("a", { paused: true, tuntap: { maxQueues: 4 } }, { generation: 3 });
    const status = judge([same], { n1: appliedStatus() }, { rendered: [four] });
    assert.deepEqual([short(status, "Ready"), short(status, "Paused")], ["True AllNodesReady", "True PausedBySpec"]);
  });
});
