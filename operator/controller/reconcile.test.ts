import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeCluster } from "../../test/controller/fake-cluster.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { createMemoryLog } from "../../test/fakes/memory-log.ts";
import { KubeApiError } from "../kube/transport.ts";
import { createController } from "./reconcile.ts";
import { configPath, nodePath, profilePath } from "./resources.ts";

/** A controller at work on a cluster of one node. */
function start() {
  const cluster = new FakeCluster();
  cluster.putNode("n1");
  cluster.catchUp();
  const clock = new FakeClock();
  const stop = new AbortController();
  const controller = createController({
    caches: { configs: cluster.configs, nodes: cluster.nodes, profiles: cluster.profiles },
    transport: cluster.transport,
    events: { record: () => undefined, flush: () => Promise.resolve() },
    clock,
    random: () => 0,
    log: createMemoryLog().log,
  });
  const ended = controller.run(stop.signal);
  return { cluster, clock, stop, controller, ended };
}
const profileWrite = `PATCH ${profilePath("n1")}`;
const statusWrite = `PATCH ${configPath("a")}/status`;

describe("createController()", () => {
  test("writes profiles at once when a config changes, and reports a little later", async () => {
    const { cluster, clock, controller, stop, ended } = start();
    await clock.advance(2_000);
    cluster.takeWrites();
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.catchUp();
    controller.changed();
    await clock.advance(0);
    assert.deepEqual(cluster.takeWrites(), [profileWrite]);
    cluster.catchUp();
    await clock.advance(100);
    assert.deepEqual(cluster.takeWrites(), [statusWrite]);
    stop.abort();
    await ended;
  });

  test("begins with a look at everything, unasked", async () => {
    const { cluster, clock, stop, ended } = start();
    await clock.advance(100);
    assert.deepEqual(cluster.takeWrites(), [profileWrite, `PATCH ${nodePath("n1")}`]);
    stop.abort();
    await ended;
  });

  test("makes one pass of many changes that come while it works", async () => {
    const { cluster, clock, controller, stop, ended } = start();
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.catchUp();
    for (let i = 0; i < 50; i += 1) {
      controller.changed();
    }
    await clock.advance(0);
    assert.deepEqual(cluster.takeWrites(), [profileWrite]);
    stop.abort();
    await ended;
  });

  test("tries again, ever later, what failed", async () => {
    const { cluster, clock, stop, ended } = start();
    const fails = new KubeApiError({ status: 500, reason: "InternalError", message: "no" });
    cluster.fault = ({ method }) => (method === "PATCH" ? fails : undefined);
    await clock.advance(60_000);
    const tries = cluster.takeWrites().filter((write) => write === profileWrite).length;
    assert.ok(tries > 5 && tries < 20, `${tries} tries in a minute`);
    cluster.fault = () => undefined;
    await clock.advance(60_000);
    assert.ok(cluster.objects.has(profilePath("n1")));
    stop.abort();
    await ended;
  });

  test("writes nothing after it was told to stop", async () => {
    const { cluster, clock, controller, stop, ended } = start();
    await clock.advance(2_000);
    cluster.takeWrites();
    stop.abort();
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.catchUp();
    controller.changed();
    await clock.advance(10_000);
    await ended;
    assert.deepEqual(cluster.takeWrites(), []);
  });
});
