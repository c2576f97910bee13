// One limit, from the config to both kinds of node and back: rendered, applied, reported, labelled, changed, removed.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { readEvents, readNodeLabel, readProfile } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import {
  applyConfig,
  conditionOf,
  deleteConfigs,
  messageOf,
  readSysctl,
  startOperatedCluster,
  stock,
  waitForConfig,
  waitForProfile,
  waitForSysctl,
  withSysctl,
} from "./operated-cluster.ts";

const { cluster } = await startOperatedCluster();
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane } = cluster;
const backlog = "net.core.netdev_max_backlog";
const backlogFile = "net/core/netdev_max_backlog";

async function waitForLabel(node: string, value: string): Promise<void> {
  let last: string | undefined;
  await waitUntil(
    `label of ${node} to be ${value}`,
    async () => {
      last = await readNodeLabel(controlPlane, node);
      return last === value ? true : undefined;
    },
    { seen: () => String(last) },
  );
}

test("every Linux node has an empty profile, owned by the node, before any config exists", async () => {
  for (const name of cluster.nodeNames) {
    const { metadata, spec, status } = await waitForProfile(cluster, name, "an answer", () => true);
    assert.deepEqual(
      metadata.ownerReferences.map(({ kind, name: owner }) => [kind, owner]),
      [["Node", name]],
    );
    assert.deepEqual([spec.tuntap, spec.sysctls, spec.sources], [undefined, [], []]);
    assert.equal(conditionOf(status, "Applied"), "True NothingToApply");
    assert.equal(status.tuntap?.enforcedBy, undefined);
    await waitForLabel(name, "256");
  }
});

test("a limit is set in the kernel where it has the sysctl, and is called advisory where it has not", async () => {
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 4, maxQueuesPerVM: 32 } });
  const held = await waitForProfile(cluster, withSysctl, "limit 4", ({ status }) => status.tuntap?.maxQueues === 4);
  assert.equal(await readSysctl(cluster, withSysctl), "4");
  assert.deepEqual(held.spec.tuntap, {
    maxQueues: 4,
    maxQueuesPerVM: 32,
    enforcement: "BestEffort",
    onRemoval: "Restore",
  });
  assert.deepEqual(held.status.tuntap, { maxQueues: 4, enforcedBy: "Sysctl", kernelLimit: 4, original: 256 });
  assert.equal(held.status.appliedHash, held.spec.hash);

  const advised = await waitForProfile(cluster, stock, "limit 4", ({ status }) => status.tuntap?.maxQueues === 4);
  assert.deepEqual(advised.status.tuntap, { maxQueues: 4, enforcedBy: "Advisory", kernelLimit: 256, original: null });
  assert.match(messageOf(advised.status, "Applied"), /advisory/);
});

test("the config's status counts nodes and backends, and says that the kernel sysctl binds every tap", async () => {
  const status = await waitForConfig(cluster, "dense", "Ready", (seen) =>
    conditionOf(seen, "Ready").startsWith("True"),
  );
  assert.deepEqual(
    { ...status.nodes },
    {
      enforced: "1/2",
      progress: "2/2",
      matched: 2,
      ready: 2,
      progressing: 0,
      failed: 0,
      unreachable: 0,
      unsupported: 0,
      overridden: 0,
      enforcedBy: { sysctl: 1, bpf: 0, advisory: 1 },
    },
  );
  assert.equal(conditionOf(status, "Conflicting"), "False NoConflict");
  assert.match(
    (status.conditions ?? []).map(({ message }) => message).join("\n"),
    /every tap|taps of VMs without the hook/i,
  );
  const reasons = await waitUntil("events on the config", async () => {
    const events = await readEvents(controlPlane, { kind: "NodeNetworkConfig", name: "dense" });
    const seen = events.map(({ reason }) => reason);
    return seen.includes("KernelSysctlBindsAllTaps") ? seen : undefined;
  });
  assert.ok(reasons.includes("KernelSysctlBindsAllTaps"));
});

test("the node's label carries the limit in force", async () => {
  for (const name of cluster.nodeNames) await waitForLabel(name, "4");
});

test("plugins that ask nobody find the limit in node.json", async () => {
  const { stdout } = await cluster.node(withSysctl).run(["cat", "/var/lib/mqtap/node.json"]);
  assert.deepEqual(JSON.parse(stdout), {
    maxQueues: 4,
    source: "NodeNetworkConfig/dense",
    sysctlPath: `${cluster.node(withSysctl).sysctlRoot}/net/tuntap/max_queues`,
  });
});

test("a changed limit moves both nodes, and the value from before mqtap stays remembered", async () => {
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 2 } });
  for (const name of cluster.nodeNames) {
    await waitForProfile(
      cluster,
      name,
      "limit 2",
      ({ spec, status }) => status.tuntap?.maxQueues === 2 && spec.tuntap?.maxQueuesPerVM === undefined,
    );
    await waitForLabel(name, "2");
  }
  assert.equal(await readSysctl(cluster, withSysctl), "2");
  assert.equal((await readProfile(controlPlane, withSysctl))?.status.tuntap?.original, 256);
});

test("deleting the config gives a node back what it had", async () => {
  await deleteConfigs(cluster);
  await waitForSysctl(cluster, withSysctl, "256");
  for (const name of cluster.nodeNames) await waitForLabel(name, "256");
});

test("onRemoval Retain leaves the value where it is", async () => {
  await applyConfig(cluster, "keep", { tuntap: { maxQueues: 8 }, onRemoval: "Retain" });
  await waitForSysctl(cluster, withSysctl, "8");
  await waitForProfile(cluster, withSysctl, "limit 8", ({ status }) => status.tuntap?.maxQueues === 8);
  await deleteConfigs(cluster);
  await waitForProfile(
    cluster,
    withSysctl,
    "limit 8 of the kernel's own",
    ({ spec, status }) =>
      spec.tuntap === undefined && status.tuntap?.maxQueues === 8 && status.tuntap.original === null,
  );
  assert.equal(await readSysctl(cluster, withSysctl), "8");
});

test("a node that the config no longer selects is restored as on deletion", async () => {
  await applyConfig(cluster, "some", { tuntap: { maxQueues: 4 }, sysctls: [{ name: backlog, value: "5000" }] });
  for (const name of cluster.nodeNames) await waitForSysctl(cluster, name, "5000", backlogFile);
  const nodeSelector = { matchLabels: { "kubernetes.io/hostname": withSysctl } };
  await applyConfig(cluster, "some", {
    nodeSelector,
    tuntap: { maxQueues: 4 },
    sysctls: [{ name: backlog, value: "5000" }],
  });
  await waitForSysctl(cluster, stock, "1000", backlogFile);
  assert.equal(await readSysctl(cluster, withSysctl, backlogFile), "5000");
  await waitForLabel(stock, "256");
});

test("a companion sysctl is set on every node and restored when its config goes", async () => {
  await applyConfig(cluster, "once", { sysctls: [{ name: "net.core.netdev_budget", value: "600" }] });
  await waitForSysctl(cluster, stock, "600", "net/core/netdev_budget");
  await deleteConfigs(cluster);
  await waitForSysctl(cluster, stock, "300", "net/core/netdev_budget");
  assert.equal(await readSysctl(cluster, withSysctl, backlogFile), "1000");
});

test("configs that disagree both say so, and the lower limit holds", async () => {
  await applyConfig(cluster, "one", { tuntap: { maxQueues: 16 } });
  await applyConfig(cluster, "two", { tuntap: { maxQueues: 6 } });
  for (const [name, other] of [
    ["one", "two"],
    ["two", "one"],
  ] as const) {
    const status = await waitForConfig(cluster, name, "Conflicting", (seen) =>
      conditionOf(seen, "Conflicting").startsWith("True"),
    );
    const message = messageOf(status, "Conflicting");
    for (const part of ["tuntap.maxQueues", withSysctl, stock, other, "16", "6"])
      assert.ok(message.includes(part), message);
  }
  await waitForSysctl(cluster, withSysctl, "6");
});

test("a higher priority decides without conflict", async () => {
  await applyConfig(cluster, "one", { tuntap: { maxQueues: 16 }, priority: 10 });
  await waitForSysctl(cluster, withSysctl, "16");
  for (const name of ["one", "two"]) {
    await waitForConfig(cluster, name, "no conflict", (seen) => conditionOf(seen, "Conflicting").startsWith("False"));
  }
  const profile = await waitForProfile(cluster, stock, "limit 16", ({ status }) => status.tuntap?.maxQueues === 16);
  assert.deepEqual(
    profile.spec.sources.filter(({ keys }) => keys.includes("tuntap.maxQueues")).map(({ config }) => config),
    ["one"],
  );
  await deleteConfigs(cluster);
});

test("enforcement Required counts a node without any backend as failed, and says what to do", async () => {
  await applyConfig(cluster, "strict", { tuntap: { maxQueues: 4, enforcement: "Required" } });
  const status = await waitForConfig(cluster, "strict", "one failed node", ({ nodes }) => nodes?.failed === 1);
  assert.deepEqual(
    status.failing?.map(({ node, reason }) => [node, reason]),
    [[stock, "EnforcementUnavailable"]],
  );
  assert.equal(status.nodes?.ready, 1);
  await deleteConfigs(cluster);
});

test("a config that selects no node says so and changes nothing", async () => {
  await applyConfig(cluster, "nobody", {
    nodeSelector: { matchLabels: { "no-such": "label" } },
    tuntap: { maxQueues: 4 },
  });
  const status = await waitForConfig(cluster, "nobody", "Ready", (seen) => conditionOf(seen, "Ready") !== "absent");
  assert.equal(conditionOf(status, "Ready"), "False NoNodeSelected");
  for (const name of cluster.nodeNames) {
    assert.deepEqual((await readProfile(controlPlane, name))?.spec.sources, []);
  }
});
