import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { NodeNetworkConfig } from "../../crds/node-network-config.ts";
import type { NodeNetworkProfile, NodeNetworkProfileSpec } from "../../crds/node-network-profile.ts";
import * as arbitrary from "../../test/controller/arbitraries.ts";
import { appliedStatus, config, node, profile, world } from "../../test/controller/objects.ts";
import { planLabels, planNodes, queuesInForce, type World } from "./plan.ts";
import { planRollout } from "./rollout.ts";

const n1 = node("n1");
const emptyHash = planNodes(world({ nodes: [n1] })).get("n1")?.spec.hash;

/** The spec that one node gets. */
function specOf(objects: Parameters<typeof world>[0]): NodeNetworkProfileSpec {
  const plan = planNodes(world({ nodes: [n1], ...objects })).get("n1");
  assert.ok(plan !== undefined);
  return plan.spec;
}

/** What stands after everything planned has been written. */
function written(given: World): World {
  const { admit } = planRollout({ wanted: planNodes(given), current: given.profiles });
  const profiles = new Map(given.profiles);
  for (const { node: name, uid, spec } of admit) {
    const generation = (given.profiles.get(name)?.metadata.generation ?? 0) + 1;
    profiles.set(name, profile({ name, uid }, spec, { generation }));
  }
  return { ...given, profiles };
}

describe("planNodes()", () => {
  test("gives a node that nothing selects the empty profile", () => {
    const spec = specOf({ configs: [config("a", { nodeSelector: { matchLabels: { no: "where" } } })] });
    assert.deepEqual(spec, { sysctls: [], sources: [], hash: emptyHash });
  });

  test("plans nothing for a node that is not Linux", () => {
    const plans = planNodes(
      world({ nodes: [node("w", { isLinux: false })], configs: [config("a", { tuntap: { maxQueues: 4 } })] }),
    );
    assert.equal(plans.size, 0);
  });

  test("resolves every field, with BestEffort where nobody asks for an enforcement", () => {
    const spec = specOf({ configs: [config("a", { tuntap: { maxQueues: 4 } }, { generation: 3 })] });
    assert.deepEqual(spec.tuntap, { maxQueues: 4, enforcement: "BestEffort", onRemoval: "Restore" });
    assert.deepEqual(spec.sources, [{ config: "a", keys: ["tuntap.maxQueues"], generation: 3 }]);
  });

  test("names the source of every value", () => {
    const spec = specOf({
      configs: [
        config("b", { tuntap: { maxQueues: 4, maxQueuesPerVM: 32 }, onRemoval: "Retain" }),
        config("a", {
          priority: 1,
          tuntap: { enforcement: "Required" },
          sysctls: [{ name: "net.core.netdev_budget", value: "600" }],
        }),
      ],
    });
    assert.deepEqual(spec.tuntap, {
      maxQueues: 4,
      maxQueuesPerVM: 32,
      enforcement: "Required",
      onRemoval: "Retain",
    });
    assert.deepEqual(spec.sysctls, [{ name: "net.core.netdev_budget", value: "600", onRemoval: "Restore" }]);
    assert.deepEqual(
      spec.sources.map((source) => [source.config, source.keys]),
      [
        ["a", ["net.core.netdev_budget", "tuntap.enforcement"]],
        ["b", ["tuntap.maxQueues", "tuntap.maxQueuesPerVM"]],
      ],
    );
  });

  test("takes tuntap.onRemoval from the smallest-named config that won a tuntap key where none sets maxQueues", () => {
    const spec = specOf({
      configs: [
        config("b", { tuntap: { enforcement: "Advisory" }, onRemoval: "Retain" }),
        config("c", { tuntap: { maxQueuesPerVM: 8 } }),
      ],
    });
    assert.equal(spec.tuntap?.onRemoval, "Retain");
  });

  test("changes the hash when a value changes, and not when only a generation does", () => {
    const four = config("a", { tuntap: { maxQueues: 4 } });
    const hash = specOf({ configs: [four] }).hash;
    assert.equal(specOf({ configs: [config("a", { tuntap: { maxQueues: 4 } }, { generation: 9 })] }).hash, hash);
    assert.notEqual(specOf({ configs: [config("a", { tuntap: { maxQueues: 5 } })] }).hash, hash);
    assert.notEqual(specOf({ configs: [config("a", { tuntap: { maxQueues: 4 }, onRemoval: "Retain" })] }).hash, hash);
  });
});

describe("planNodes() with a paused config", () => {
  const running = config("a", { tuntap: { maxQueues: 4 }, onRemoval: "Retain" }, { generation: 3 });
  const rendered = profile(n1, specOf({ configs: [running] }));
  const paused = (spec: object, generation = 4) => config("a", { paused: true, ...spec }, { generation });

  const unchanged: Readonly<Record<string, NodeNetworkConfig>> = {
    "its limit is edited": paused({ tuntap: { maxQueues: 2 } }),
    "a key is added": paused({ tuntap: { maxQueues: 4, maxQueuesPerVM: 8 } }),
    "its key is taken out": paused({}),
    "it no longer selects the node": paused({
      nodeSelector: { matchLabels: { no: "where" } },
      tuntap: { maxQueues: 4 },
    }),
    "its onRemoval is edited": paused({ tuntap: { maxQueues: 4 }, onRemoval: "Restore" }),
  };
  for (const [sentence, edited] of Object.entries(unchanged)) {
    test(`leaves the node as it is when ${sentence}`, () => {
      assert.deepEqual(specOf({ configs: [edited], profiles: [rendered] }), rendered.spec);
    });
  }

  test("gives a new node nothing", () => {
    assert.equal(specOf({ configs: [paused({ tuntap: { maxQueues: 4 } })] }).hash, emptyHash);
  });

  test("lets another config of higher priority have its way", () => {
    const other = config("b", { priority: 1, tuntap: { maxQueues: 8 } });
    assert.equal(specOf({ configs: [paused({}), other], profiles: [rendered] }).tuntap?.maxQueues, 8);
  });

  test("takes its values away once it is deleted", () => {
    assert.equal(specOf({ profiles: [rendered] }).hash, emptyHash);
  });
});

describe("planNodes() with a config that nobody can read", () => {
  const rendered = profile(n1, specOf({ configs: [config("a", { tuntap: { maxQueues: 4 }, onRemoval: "Retain" })] }));

  test("keeps what it has given, whatever the priority of others", () => {
    const other = config("b", { priority: 1000, tuntap: { maxQueues: 8, maxQueuesPerVM: 16 } });
    const spec = specOf({ configs: [other], profiles: [rendered], held: ["a"] });
    assert.deepEqual([spec.tuntap?.maxQueues, spec.tuntap?.maxQueuesPerVM, spec.tuntap?.onRemoval], [4, 16, "Retain"]);
  });
});

test("planNodes() is done once its plan is applied, and again by any order of the configs", () => {
  fc.assert(
    fc.property(arbitrary.configs, arbitrary.configs, arbitrary.nodes, (before, now, nodes) => {
      const past = written(
        world({ configs: before.map((c) => ({ ...c, spec: { ...c.spec, paused: false } })), nodes }),
      );
      const present = { ...past, ...world({ configs: now, nodes }), profiles: past.profiles };
      const next = written(present);
      assert.deepEqual(planRollout({ wanted: planNodes(next), current: next.profiles }).admit, []);
      const turned = { ...present, configs: new Map([...present.configs].toReversed()) };
      assert.deepEqual(planNodes(turned), planNodes(present));
    }),
  );
});

test("planNodes() touches no node of a config that is paused and alone, whatever is edited in it", () => {
  fc.assert(
    fc.property(arbitrary.configs, arbitrary.configs, arbitrary.nodes, (before, now, nodes) => {
      const running = before.map((c) => ({ ...c, spec: { ...c.spec, paused: false } }));
      const past = written(world({ configs: running, nodes }));
      const edited = running.map((c) => {
        const other = now.find(({ metadata }) => metadata.name === c.metadata.name)?.spec ?? c.spec;
        return { ...c, spec: { ...other, priority: c.spec.priority, paused: true } };
      });
      const present = { ...past, configs: new Map(edited.map((c) => [c.metadata.name, c])) };
      assert.deepEqual(planRollout({ wanted: planNodes(present), current: present.profiles }).admit, []);
    }),
  );
});

describe("planRollout()", () => {
  const four = config("a", { tuntap: { maxQueues: 4 } });
  const wanted = (nodes = [n1]) => planNodes(world({ configs: [four], nodes }));
  const admitted = (current: readonly NodeNetworkProfile[], nodes = [n1]) =>
    planRollout({ wanted: wanted(nodes), current: world({ profiles: current }).profiles }).admit.map((a) => a.node);
  const current = profile(n1, specOf({ configs: [four] }));

  test("writes nothing that is already so, whatever the generation of the source", () => {
    const newer = planNodes(
      world({ configs: [config("a", { tuntap: { maxQueues: 4 } }, { generation: 7 })], nodes: [n1] }),
    );
    assert.deepEqual(planRollout({ wanted: newer, current: new Map([["n1", current]]) }).admit, []);
  });

  test("writes where the value comes from another config, though it is the same value", () => {
    const other = planNodes(world({ configs: [config("b", { tuntap: { maxQueues: 4 } })], nodes: [n1] }));
    assert.equal(planRollout({ wanted: other, current: new Map([["n1", current]]) }).admit.length, 1);
  });

  test("supersedes what is still in flight", () => {
    const inFlight = profile(n1, specOf({ configs: [config("a", { tuntap: { maxQueues: 8 } })] }), { generation: 5 });
    assert.deepEqual(admitted([inFlight]), ["n1"]);
  });

  test("writes anew for a node that has come back under the same name", () => {
    assert.deepEqual(admitted([current], [node("n1", { uid: "another" })]), ["n1"]);
  });

  test("writes nodes that are ready first", () => {
    assert.deepEqual(admitted([], [node("n1", { isReady: false }), node("n2"), node("n3")]), ["n2", "n3", "n1"]);
  });

  test("never touches the profile of a node that is gone", () => {
    assert.deepEqual(admitted([current, profile(node("gone"), current.spec)]), []);
  });
});

describe("queuesInForce()", () => {
  const spec = specOf({ configs: [config("a", { tuntap: { maxQueues: 4 } })] });
  const inForce: Readonly<Record<string, { readonly profile?: NodeNetworkProfile; readonly queues: number }>> = {
    "256 without a profile": { queues: 256 },
    "256 while the agent has not reported": { profile: profile(n1, spec), queues: 256 },
    "what the agent reports, not what is wanted": {
      profile: profile(n1, spec, { status: appliedStatus({ tuntap: { maxQueues: 8 } }) }),
      queues: 8,
    },
    "the kernel's own limit where that is lower": {
      profile: profile(n1, spec, { status: appliedStatus({ tuntap: { maxQueues: 4, kernelLimit: 2 } }) }),
      queues: 2,
    },
    "256 where the kernel would take more": {
      profile: profile(n1, spec, { status: appliedStatus({ tuntap: { kernelLimit: 1024 } }) }),
      queues: 256,
    },
  };
  for (const [sentence, { profile: given, queues }] of Object.entries(inForce)) {
    test(`is ${sentence}`, () => assert.equal(queuesInForce(given), queues));
  }
});

test("planLabels() writes the labels that differ, of Linux nodes only", () => {
  const nodes = [
    node("n1"),
    node("n2", { labels: { "mqtap.io/max-queues": "256" } }),
    node("w", { isLinux: false }),
    node("n3", { labels: { "mqtap.io/max-queues": "4" } }),
  ];
  assert.deepEqual(planLabels(world({ nodes })), [
    { node: "n1", uid: "uid-n1", value: "256" },
    { node: "n3", uid: "uid-n3", value: "256" },
  ]);
});
