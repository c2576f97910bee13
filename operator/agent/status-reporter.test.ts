import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { FakeCluster } from "../../test/fakes/fake-cluster.ts";
import { KubeApiError, KubeConnectionError, type KubeRequest } from "../kube/transport.ts";
import { type ObservedProfile, observeProfile, profilePath } from "./observed-profile.ts";
import { StatusReporter } from "./status-reporter.ts";

const path = profilePath("n1");
const spec = { sysctls: [], sources: [], hash: "h" };
const status: NodeNetworkProfileStatus = { observedGeneration: 1, bootID: "b1", tuntap: { original: null } };

function bed() {
  const cluster = new FakeCluster();
  cluster.put(path, { metadata: { name: "n1", uid: "u1", generation: 1 }, spec });
  const clock = new FakeClock();
  const reporter = new StatusReporter({ transport: cluster, clock, signal: new AbortController().signal });
  const observed = (): ObservedProfile => observeProfile(cluster.get(path));
  const writes = () => cluster.requests.filter(({ method }) => method === "PATCH");
  return { cluster, clock, reporter, observed, writes };
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

test("StatusReporter leaves out what an older CRD lacks, says so in a condition, and tries all of it again later", async () => {
  const { cluster, clock } = bed();
  let lacking = ["bootID", "tuntap"];
  const transport = {
    ...{ watch: cluster.watch.bind(cluster), close: () => undefined },
    request: (request: KubeRequest) => {
      const field = lacking.find((name) => Object.hasOwn(Object(Object(request.body).status), name));
      if (field === undefined) return cluster.request(request);
      const message = `failed to create typed patch object (/n1; mqtap.io/v1alpha1, Kind=X): .status.${field}: field not declared in schema`;
      return Promise.reject(new KubeApiError({ status: 500, reason: "InternalError", message }));
    },
  };
  const reporter = new StatusReporter({ transport, clock, signal: new AbortController().signal });
  const observed = (): ObservedProfile => observeProfile(cluster.get(path));
  assert.equal(await reporter.report(observed(), status), true);
  const { bootID, tuntap, conditions } = observed().status;
  assert.deepEqual(
    [bootID, tuntap, conditions?.[0]?.type, conditions?.[0]?.reason],
    [undefined, undefined, "Degraded", "CrdsOutdated"],
  );
  assert.match(conditions?.[0]?.message ?? "", /older.*lacks \.status\.bootID, \.status\.tuntap: apply mqtap's CRDs/);
  assert.equal(await reporter.report(observed(), status), false);
  lacking = [];
  clock.jump(11 * 60_000);
  assert.equal(await reporter.report(observed(), status), true);
  assert.deepEqual(observed().status, status);
});
