import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeCluster } from "../../test/controller/fake-cluster.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { createMemoryLog } from "../../test/fakes/memory-log.ts";
import type { NewEvent } from "../kube/events.ts";
import { KubeApiError } from "../kube/transport.ts";
import { Renderer } from "./render.ts";
import { Reporter } from "./report.ts";
import { configPath, nodePath } from "./resources.ts";

const never = new AbortController().signal;
const statusWrite = `PATCH ${configPath("a")}/status`;
const labelWrite = (node: string) => `PATCH ${nodePath(node)}`;

/** A cluster whose profiles are written, and a reporter over its caches. */
async function start(...nodes: readonly string[]) {
  const cluster = new FakeCluster();
  for (const name of nodes) {
    cluster.putNode(name);
  }
  cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
  cluster.catchUp();
  const clock = new FakeClock();
  const events: NewEvent[] = [];
  const common = {
    caches: { configs: cluster.configs, nodes: cluster.nodes, profiles: cluster.profiles },
    transport: cluster.transport,
    clock,
    log: createMemoryLog().log,
    events: { record: (event: NewEvent) => void events.push(event), flush: () => Promise.resolve() },
  };
  const renderer = new Renderer(common);
  const reporter = new Reporter({ ...common, look: () => renderer.look() });
  await renderer.reconcile(never);
  cluster.catchUp();
  cluster.takeWrites();
  const pass = async (): Promise<readonly string[]> => {
    await reporter.reconcile(never);
    return cluster.takeWrites();
  };
  const takeEvents = (): readonly string[] => events.splice(0).map(({ type, reason }) => `${type} ${reason}`);
  return { cluster, clock, renderer, reporter, pass, takeEvents };
}

const statusOf = (cluster: FakeCluster) => JSON.parse(JSON.stringify(cluster.objects.get(configPath("a"))))?.status;

describe("Reporter", () => {
  test("writes status and labels, and then nothing more", async () => {
    const { cluster, pass } = await start("n1", "n2");
    assert.deepEqual(await pass(), [labelWrite("n1"), labelWrite("n2"), statusWrite]);
    assert.equal(statusOf(cluster)?.nodes?.progressing, 2);
    assert.deepEqual(await pass(), [], "while the caches are behind");
    cluster.catchUp();
    assert.deepEqual(await pass(), [], "and when they have caught up");
  });

  test("labels a node with what its agent reports", async () => {
    const { cluster, pass } = await start("n1");
    await pass();
    cluster.report("n1", { maxQueues: 4, enforcedBy: "Advisory" });
    cluster.catchUp();
    await pass();
    assert.match(JSON.stringify(cluster.objects.get(nodePath("n1"))), /"mqtap\.io\/max-queues":"4"/);
  });

  test("writes the status of one config at most once a second, and comes back for the rest", async () => {
    const { cluster, clock, reporter, pass } = await start("n1");
    await pass();
    cluster.report("n1");
    cluster.catchUp();
    clock.jump(400);
    assert.deepEqual(await reporter.reconcile(never), { requeueAfterMs: 600 });
    assert.equal(cluster.takeWrites().includes(statusWrite), false);
    clock.jump(600);
    assert.deepEqual(await pass(), [statusWrite]);
    assert.equal(statusOf(cluster)?.nodes?.ready, 1);
  });

  test("tells each turn once", async () => {
    const { cluster, clock, pass, takeEvents } = await start("n1");
    await pass();
    assert.deepEqual(takeEvents(), ["Normal RollingOut"]);
    cluster.report("n1", { maxQueues: 4, enforcedBy: "Sysctl", kernelLimit: 4 });
    cluster.catchUp();
    clock.jump(1000);
    await pass();
    assert.deepEqual(takeEvents(), ["Normal AllNodesReady", "Warning KernelSysctlBindsAllTaps"]);
    cluster.catchUp();
    clock.jump(1000);
    await pass();
    assert.deepEqual(takeEvents(), []);
  });

  test("counts a node as unreachable after a minute, and looks again by itself", async () => {
    const { cluster, clock, reporter, pass } = await start("n1");
    cluster.report("n1");
    cluster.putNode("n1", false);
    cluster.catchUp();
    assert.deepEqual(await reporter.reconcile(never), { requeueAfterMs: 60_000 });
    assert.equal(statusOf(cluster)?.nodes?.unreachable, 0);
    cluster.catchUp();
    clock.jump(60_000);
    await pass();
    assert.equal(statusOf(cluster)?.nodes?.unreachable, 1);
  });

  test("counts a node whose agent is silent as failed after progressDeadline, and looks again by itself", async () => {
    const { cluster, clock, reporter, pass } = await start("n1");
    assert.deepEqual(await reporter.reconcile(never), { requeueAfterMs: 600_000 });
    cluster.catchUp();
    clock.jump(600_000);
    await pass();
    assert.equal(statusOf(cluster)?.failing?.[0]?.reason, "ProgressDeadlineExceeded");
  });

  for (const [status, reason] of [
    [404, "NotFound"],
    [409, "Conflict"],
  ] as const) {
    test(`takes ${status} for a word on an object that is gone, and does not try again`, async () => {
      const { cluster, reporter } = await start("n1");
      cluster.fault = ({ method }) =>
        method === "PATCH" ? new KubeApiError({ status, reason, message: reason }) : undefined;
      await reporter.reconcile(never);
    });
  }

  test("reports everything else it could not write, for another try", async () => {
    const { cluster, reporter } = await start("n1");
    cluster.fault = ({ path }) =>
      path === nodePath("n1") ? new KubeApiError({ status: 403, reason: "Forbidden", message: "no" }) : undefined;
    await assert.rejects(reporter.reconcile(never), /no/);
    assert.ok(cluster.takeWrites().includes(statusWrite), "and the status all the same");
  });
});
