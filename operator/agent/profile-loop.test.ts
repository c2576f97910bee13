import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { NodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import { systemClock } from "../kube/clock.ts";
import { createLog } from "../kube/log.ts";
import { Attempts } from "./attempts.ts";
import { advisoryBackend } from "./backends/advisory.ts";
import type { ObservedProfile } from "./observed-profile.ts";
import { ProfileLoop } from "./profile-loop.ts";
import { StateStore } from "./state-store.ts";
import { SysctlKeeper } from "./sysctl-keeper.ts";
import { SysctlTree } from "./sysctl-tree.ts";

const readable: ObservedProfile = {
  name: "n1",
  uid: "u1",
  generation: 1,
  spec: {
    tuntap: { maxQueues: 4, enforcement: "BestEffort", onRemoval: "Restore" },
    sysctls: [],
    sources: [{ config: "c", keys: ["tuntap.maxQueues"], generation: 1 }],
    hash: "h1",
  },
  status: {},
};

test("a status never speaks of a generation that the node has not been held against", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "mqtap-loop-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const bootId = "b1";
  const { store } = await StateStore.load({ path: join(directory, "state.json"), bootId, now: () => new Date(0) });
  const tree = new SysctlTree(directory);
  const keeper = new SysctlKeeper({ tree, store, attempts: new Attempts(), bootId, monotonicMs: () => 0 });
  let profile = readable;
  const reported: NodeNetworkProfileStatus[] = [];
  const loop = new ProfileLoop({
    ...{ nodeName: "n1", bootId, store, tree, keeper, tuntapSysctl: "net/tuntap/max_queues", driftIntervalMs: 60_000 },
    queue: { add: () => undefined },
    observed: () => profile,
    reporter: { latest: () => ({}), report: async (_profile, status) => reported.push(status) > 0 },
    announcer: { announce: () => undefined },
    writeNodeFile: async () => true,
    hasTunDevice: () => true,
    tunDevice: "/dev/net/tun",
    backends: [advisoryBackend],
    clock: systemClock,
    random: () => 0.5,
    log: createLog({ write: () => undefined, clock: systemClock }),
  });

  await loop.reconcile("node");
  profile = { ...readable, generation: 2, spec: "tuntap.maxQueues must be 2 to 256" };
  await loop.reconcile("status");
  assert.equal(reported.length, 0);

  await loop.reconcile("node");
  await loop.reconcile("status");
  assert.equal(reported[0]?.observedGeneration, 2);
  assert.equal(reported[0]?.conditions?.find(({ type }) => type === "Applied")?.reason, "ProfileInvalid");
});
