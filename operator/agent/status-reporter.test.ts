import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import { FakeCluster } from "../../test/fakes/fake-cluster.ts";
import { KubeConnectionError } from "../kube/transport.ts";
import { type ObservedProfile, observeProfile, profilePath } from "./observed-profile.ts";
import { StatusReporter } from "./status-reporter.ts";

const path = profilePath("n1");
const spec = { sysctls: [], sources: [], hash: "h" };
const status: NodeNetworkProfileStatus = { observedGeneration: 1, bootID: "b1", tuntap: { original: null } };

function bed() {
  const cluster = new FakeCluster();
  cluster.put(path, { metadata: { name: "n1", uid: "u1", generation: 1 }, spec });
  const reporter = new StatusReporter({ transport: cluster, signal: new AbortController().signal });
  const observed = (): ObservedProfile => observeProfile(cluster.get(path));
  const writes = () => cluster.requests.filter(({ method }) => method === "PATCH");
  return { cluster, reporter, observed, writes };
}

test("StatusReporter writes as the agent, for this very object, and not again", async () => {
  const { reporter, observed, writes } = bed();
  assert.equal(await reporter.report(observed(), status), true);
  assert.equal(await reporter.report(observed(), status), false);
  const [write] = writes();
  assert.ok(write);
  assert.equal(write.query?.["fieldManager"], "mqtap-agent");
  assert.deepEqual((write.body as { metadata: unknown }).metadata, { name: "n1", uid: "u1" });
});

test("StatusReporter writes again what someone else has changed", async () => {
  const { cluster, reporter, observed } = bed();
  await reporter.report(observed(), status);
  cluster.put(path, { metadata: { name: "n1", uid: "u1", generation: 1 }, spec, status: { bootID: "forged" } });
  assert.equal(await reporter.report(observed(), status), true);
});

test("StatusReporter knows its own newest status before the watch brings it", async () => {
  const { reporter, observed } = bed();
  const before = observed();
  await reporter.report(before, status);
  assert.deepEqual(reporter.latest(before), status);
  assert.deepEqual(reporter.latest({ ...before, uid: "u2" }), {});
});

test("StatusReporter has nothing to say to a profile that has gone", async () => {
  const { cluster, reporter, observed } = bed();
  const before = observed();
  cluster.delete(path);
  assert.equal(await reporter.report(before, status), false);
});

test("StatusReporter throws while the API server is down, so that it is asked again", async () => {
  const { cluster, reporter, observed } = bed();
  const before = observed();
  cluster.goDown();
  await assert.rejects(reporter.report(before, status), KubeConnectionError);
  cluster.comeBack();
  assert.equal(await reporter.report(before, status), true);
});
