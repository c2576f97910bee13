import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseNodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { FakeCluster } from "../../test/controller/fake-cluster.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { createMemoryLog } from "../../test/fakes/memory-log.ts";
import { KubeApiError } from "../kube/transport.ts";
import { Renderer } from "./render.ts";
import { configDefinitionPath, configPath, profileDefinitionPath, profilePath } from "./resources.ts";

const never = new AbortController().signal;

/** A cluster of nodes, and a renderer over its caches. */
function start(...nodes: readonly string[]) {
  const cluster = new FakeCluster();
  for (const name of nodes) {
    cluster.putNode(name);
  }
  cluster.catchUp();
  const clock = new FakeClock();
  const caches = { configs: cluster.configs, nodes: cluster.nodes, profiles: cluster.profiles };
  const renderer = new Renderer({ caches, transport: cluster.transport, clock, log: createMemoryLog().log });
  const pass = async (): Promise<readonly string[]> => {
    await renderer.reconcile(never);
    return cluster.takeWrites();
  };
  return { cluster, clock, renderer, pass };
}

const specOf = (cluster: FakeCluster, node: string) =>
  parseNodeNetworkProfile(cluster.objects.get(profilePath(node))).spec;
const queuesOf = (cluster: FakeCluster, node: string) => specOf(cluster, node).tuntap?.maxQueues;
const refusal = (status: number, reason: string) => new KubeApiError({ status, reason, message: `no: ${reason}` });
const writeOf = (node: string) => `PATCH ${profilePath(node)}`;

describe("Renderer", () => {
  test("writes a profile for each node, owned by it, and then nothing more", async () => {
    const { cluster, pass } = start("n1", "n2");
    assert.deepEqual(await pass(), [writeOf("n1"), writeOf("n2")]);
    const written = JSON.stringify(cluster.objects.get(profilePath("n1")));
    assert.match(written, /"ownerReferences":\[\{"apiVersion":"v1","kind":"Node","name":"n1","uid":"uid-n1"\}\]/);
    cluster.catchUp();
    assert.deepEqual(await pass(), []);
  });

  test("writes nothing twice while its cache is behind its own writes", async () => {
    const { cluster, pass } = start("n1");
    await pass();
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.configs.clear();
    const caught = new Map(cluster.profiles);
    cluster.catchUp();
    cluster.profiles.clear();
    for (const [name, profile] of caught) {
      cluster.profiles.set(name, profile);
    }
    assert.deepEqual(await pass(), [writeOf("n1")]);
    assert.deepEqual(await pass(), []);
  });

  test("writes a deleted profile anew", async () => {
    const { cluster, renderer, pass } = start("n1");
    await pass();
    cluster.catchUp();
    const deleted = cluster.profiles.get("n1");
    assert.ok(deleted !== undefined);
    cluster.objects.delete(profilePath("n1"));
    cluster.catchUp();
    renderer.forget(deleted);
    assert.deepEqual(await pass(), [writeOf("n1")]);
  });

  test("takes the values of a deleted config away once the API server has confirmed that it is gone", async () => {
    const { cluster, pass } = start("n1");
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.catchUp();
    await pass();
    cluster.objects.delete(configPath("a"));
    cluster.catchUp();
    assert.deepEqual(await pass(), [writeOf("n1")]);
    assert.equal(queuesOf(cluster, "n1"), undefined);
  });

  const onlyMissing: Readonly<Record<string, (cluster: FakeCluster) => void>> = {
    "the cache alone lacks the config": () => undefined,
    "the CRD is being deleted": (cluster) => {
      cluster.objects.delete(configPath("a"));
      cluster.objects.set(configDefinitionPath, { metadata: { deletionTimestamp: "2026-11-29T08:00:00Z" } });
    },
    "the path of the config is not served, whatever the API server says it serves": (cluster) => {
      cluster.objects.delete(configPath("a"));
      cluster.fault = ({ path }) => (path === configPath("a") ? refusal(404, "") : undefined);
    },
    "the CRD is gone": (cluster) => {
      cluster.objects.delete(configPath("a"));
      cluster.objects.delete(configDefinitionPath);
    },
    "nobody serves such objects any more": (cluster) => {
      cluster.objects.delete(configPath("a"));
      cluster.fault = ({ method }) => (method === "GET" ? refusal(404, "") : undefined);
    },
  };
  for (const [sentence, happen] of Object.entries(onlyMissing)) {
    test(`changes nothing on any node when ${sentence}`, async () => {
      const { cluster, pass, renderer } = start("n1");
      cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
      cluster.catchUp();
      await pass();
      cluster.catchUp();
      cluster.configs.clear();
      happen(cluster);
      const { requeueAfterMs } = (await renderer.reconcile(never)) ?? {};
      assert.deepEqual(cluster.takeWrites(), []);
      assert.equal(queuesOf(cluster, "n1"), 4);
      assert.equal(requeueAfterMs, 5000, "and asks again");
    });
  }

  test("changes nothing for a config that vanishes while the API server is asked for another one", async () => {
    const { cluster, pass, renderer } = start("n1");
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.putConfig("b", { sysctls: [{ name: "net.core.netdev_budget", value: "600" }] });
    cluster.catchUp();
    await pass();
    cluster.catchUp();
    cluster.objects.delete(configPath("a"));
    cluster.configs.delete("a");
    cluster.fault = () => {
      cluster.configs.delete("b");
      return undefined;
    };
    await renderer.reconcile(never);
    const { tuntap, sysctls } = specOf(cluster, "n1");
    assert.deepEqual(
      [tuntap, sysctls],
      [undefined, [{ name: "net.core.netdev_budget", value: "600", onRemoval: "Restore" }]],
    );
  });

  for (const [sentence, path] of Object.entries({ profiles: profileDefinitionPath, configs: configDefinitionPath })) {
    test(`makes no profile anew while the CRD of ${sentence} is being deleted`, async () => {
      const { cluster, pass, renderer } = start("n1");
      cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
      cluster.catchUp();
      await pass();
      cluster.catchUp();
      const deleted = cluster.profiles.get("n1");
      assert.ok(deleted !== undefined);
      cluster.objects.set(path, { metadata: { deletionTimestamp: "2026-11-29T08:00:00Z" } });
      cluster.objects.delete(configPath("a"));
      cluster.objects.delete(profilePath("n1"));
      cluster.catchUp();
      renderer.forget(deleted);
      const { requeueAfterMs } = (await renderer.reconcile(never)) ?? {};
      assert.deepEqual(cluster.takeWrites(), []);
      assert.equal(requeueAfterMs, 5000, "and asks again");
    });
  }

  test("changes nothing when it cannot ask whether a config is gone", async () => {
    const { cluster, pass, renderer } = start("n1");
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.catchUp();
    await pass();
    cluster.catchUp();
    cluster.configs.clear();
    cluster.fault = () => refusal(503, "ServiceUnavailable");
    await assert.rejects(renderer.reconcile(never), /ServiceUnavailable/);
    assert.deepEqual(cluster.takeWrites(), []);
  });

  test("asks for a profile that a paused config may have left its values in, before it writes it", async () => {
    const { cluster, pass } = start("n1");
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.catchUp();
    await pass();
    cluster.putConfig("a", { paused: true, tuntap: { maxQueues: 2 } });
    cluster.catchUp();
    cluster.profiles.clear();
    const { renderer } = { renderer: new Renderer(rendererOver(cluster)) };
    await renderer.reconcile(never);
    assert.deepEqual(cluster.takeWrites(), []);
    assert.equal(queuesOf(cluster, "n1"), 4);
  });

  test("does not try a refused profile again until it differs or ten minutes have passed", async () => {
    const { cluster, clock, pass, renderer } = start("n1", "n2");
    cluster.fault = ({ path }) => (path === profilePath("n1") ? refusal(422, "Invalid") : undefined);
    assert.deepEqual(await pass(), [writeOf("n1"), writeOf("n2")]);
    assert.deepEqual([...renderer.look().rejections], [["n1", "no: Invalid"]]);
    cluster.catchUp();
    assert.deepEqual(await pass(), []);
    clock.jump(10 * 60_000);
    assert.deepEqual(await pass(), [writeOf("n1")]);
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.fault = () => undefined;
    cluster.catchUp();
    assert.deepEqual(await pass(), [writeOf("n1"), writeOf("n2")]);
    assert.equal(renderer.look().rejections.size, 0);
  });

  test("writes to all others when one write fails, and reports the failure for another try", async () => {
    const { cluster, pass, renderer } = start("n1", "n2", "n3");
    cluster.fault = ({ path }) => (path === profilePath("n2") ? refusal(500, "InternalError") : undefined);
    await assert.rejects(renderer.reconcile(never), /InternalError/);
    assert.deepEqual(cluster.takeWrites().length, 3);
    cluster.fault = () => undefined;
    assert.deepEqual(await pass(), [writeOf("n2")]);
  });

  test("writes nothing once it shall stop", async () => {
    const { cluster, renderer } = start("n1");
    await renderer.reconcile(AbortSignal.abort());
    assert.deepEqual(cluster.takeWrites(), []);
  });

  test("leaves the profile of a node that is gone to the garbage collector", async () => {
    const { cluster, pass } = start("n1", "n2");
    await pass();
    cluster.objects.delete("/api/v1/nodes/n2");
    cluster.putConfig("a", { tuntap: { maxQueues: 4 } });
    cluster.catchUp();
    assert.deepEqual(await pass(), [writeOf("n1")]);
  });
});

function rendererOver(cluster: FakeCluster) {
  const caches = { configs: cluster.configs, nodes: cluster.nodes, profiles: cluster.profiles };
  return { caches, transport: cluster.transport, clock: new FakeClock(), log: createMemoryLog().log };
}
