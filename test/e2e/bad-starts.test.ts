// Agents that start on a bad day: what an administrator reads in the log, and in the profile as soon as that can be written.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { readProfile } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import {
  applyConfig,
  conditionOf,
  messageOf,
  quickDrift,
  startCluster,
  stock,
  waitForConfig,
  waitForProfile,
} from "./operated-cluster.ts";

const cluster = await startCluster({ nodes: [{ name: stock, hasTuntapSysctl: false }] });
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane, layout } = cluster;
const wrongToken = path.join(cluster.directory, "wrong.token");
writeFileSync(wrongToken, "none");
const crd = "nodenetworkprofiles.mqtap.io";

/** Removes parts of the schema of profiles, as a CRD of an earlier release lacks them. */
async function weakenCrd(...parts: readonly string[]): Promise<void> {
  const schema = "/spec/versions/0/schema/openAPIV3Schema/properties";
  const patch = JSON.stringify(parts.map((part) => ({ op: "remove", path: `${schema}/${part}` })));
  await controlPlane.kubectl(["patch", "crd", crd, "--type=json", "-p", patch]);
}

const renewCrds = () =>
  controlPlane.kubectl(["apply", "--server-side", "--force-conflicts", "-k", path.join(layout.root, "crds")]);

for (const [what, { options, message }] of Object.entries<{
  readonly options: { readonly tokenFile?: string; readonly flags?: readonly string[] };
  readonly message: RegExp;
}>({
  "an API server that does not answer": {
    options: { flags: ["--api-server=https://127.0.0.1:1"] },
    message: /cannot reach the API server at https:\/\/127\.0\.0\.1:1: ECONNREFUSED; check --api-server/,
  },
  "a token that is refused": {
    options: { tokenFile: wrongToken },
    message: /the API server refuses the credentials \(Unauthorized\); check --api-server, --ca-file and --token-file/,
  },
  "a token that is not there": {
    options: { tokenFile: "/nonexistent/token" },
    message: /cannot read the service account's files: ENOENT.*\/nonexistent\/token/,
  },
  "an API server of another authority": {
    options: { flags: ["--ca-file=/etc/ssl/certs/ca-certificates.crt"] },
    message: /cannot reach the API server.*CERT.*check --api-server, --ca-file/,
  },
})) {
  test(`an agent that starts with ${what} says so, goes on trying, and answers plugins meanwhile`, async () => {
    const agent = await cluster.startAgent(stock, options);
    await waitUntil(`the log to match ${message}`, () => (message.test(agent.logTail(5)) ? true : undefined), {
      seen: () => agent.logTail(10),
    });
    assert.ok(agent.isRunning);
    await cluster.node(stock).run(["test", "-S", "/run/mqtap/agent.sock"]);
    await agent.stop();
  });
}

test("CRDs of an earlier release: config and profile say which field is missing and what to apply", async () => {
  await weakenCrd(
    "status/properties/bootID",
    "spec/properties/tuntap/properties/maxQueuesPerVM",
    "spec/x-kubernetes-validations",
  );
  await cluster.startController("controller-a");
  const agent = await cluster.startAgent(stock, { flags: [quickDrift] });
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4 } });
  const { status } = await waitForProfile(cluster, stock, "a report", (seen) => seen.status.tuntap?.maxQueues === 4);
  assert.equal(conditionOf(status, "Applied"), "True Applied");
  assert.equal(conditionOf(status, "Degraded"), "True CrdsOutdated");
  assert.match(messageOf(status, "Degraded"), /lacks \.status\.bootID: apply mqtap's CRDs/);

  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4, maxQueuesPerVM: 16 } });
  const config = await waitForConfig(cluster, "limit", "a failed node", ({ nodes }) => nodes?.failed === 1);
  assert.deepEqual(
    config.failing?.map(({ reason }) => reason),
    ["ProfileRejected"],
  );
  assert.match(
    config.failing?.[0]?.message ?? "",
    /older than this controller and lacks \.spec\.tuntap\.maxQueuesPerVM: apply/,
  );

  await renewCrds();
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 6 } });
  const renewed = await waitForProfile(cluster, stock, "limit 6", (seen) => seen.status.tuntap?.maxQueues === 6);
  assert.equal(conditionOf(renewed.status, "Degraded"), "False AsExpected");
  assert.match(renewed.status.bootID ?? "", /-/);
  await agent.stop();
});

test("no CRDs at all: the agent says that the API server does not know the kind, and goes on when it does", async () => {
  await controlPlane.kubectl(["delete", "crd", crd]);
  const agent = await cluster.startAgent(stock, { flags: [quickDrift] });
  await waitUntil("the log to name the CRD", () =>
    /knows no such kind of object.*apply its CRD/.test(agent.logTail(5)) ? true : undefined,
  );
  await renewCrds();
  await waitUntil(
    "a new profile with a report",
    async () => {
      const profile = await readProfile(controlPlane, stock).catch(() => undefined);
      return profile?.status.tuntap?.maxQueues === 6 ? true : undefined;
    },
    { timeoutMs: 60_000, seen: () => cluster.logTails().join("\n") },
  );
  await agent.stop();
});
