// Parts that die or lose each other: the leader, the API server, an agent that starts without one.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import { runCommand } from "../../deploy/local/command.ts";
import type { Daemon } from "../../deploy/local/daemon.ts";
import { renderKubeconfig } from "../../deploy/local/kubeconfig.ts";
import { readProfile } from "../../deploy/local/story/observe.ts";
import { tokenFileOf } from "../../deploy/local/story/operator-processes.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import {
  applyConfig,
  quickDrift,
  readSysctl,
  startCluster,
  stock,
  sysctlFile,
  waitForProfile,
  waitForSysctl,
  withSysctl,
  writeSysctl,
} from "./operated-cluster.ts";

const cluster = await startCluster();
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane, layout } = cluster;

const tokenOf = (node: string): string => tokenFileOf(cluster.directory, node);
const quickLease = ["--lease-duration=3s", "--renew-deadline=2s", "--retry-period=500ms"];
const leaseSchema = z.object({
  spec: z.object({ holderIdentity: z.string().nullish(), leaseTransitions: z.int().default(0) }),
});

async function leader(): Promise<z.output<typeof leaseSchema>["spec"]> {
  const leases = "/apis/coordination.k8s.io/v1/namespaces/mqtap-system/leases";
  const { body } = await controlPlane.request({ method: "GET", path: `${leases}/mqtap-controller` });
  return leaseSchema.parse(body).spec;
}

let controller: Daemon | undefined;

/** A leader that cannot renew its lease ends itself; in a cluster the kubelet starts it again, here this does. */
async function keepController(): Promise<void> {
  if (controller?.isRunning !== true) controller = await cluster.startController(`controller-${randomUUID()}`);
}

const first = await cluster.startController("controller-a", quickLease);
await waitUntil("controller-a to lead", async () => {
  const { holderIdentity } = await leader().catch(() => ({ holderIdentity: undefined }));
  return holderIdentity === "controller-a" ? true : undefined;
});
const second = await cluster.startController("controller-b", quickLease);
const agent = await cluster.startAgent(withSysctl, { flags: [quickDrift] });
const stockAgent = await cluster.startAgent(stock, { flags: [quickDrift] });

test("when the leader is killed the other controller takes over and goes on", async () => {
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4 } });
  await waitForSysctl(cluster, withSysctl, "4");
  await first.stop("SIGKILL");
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 6 } });
  await waitForSysctl(cluster, withSysctl, "6");
  assert.equal((await leader()).holderIdentity, "controller-b");
  assert.match(await readFile(second.logFile, "utf8"), /"leading"/);
});

test("a leader that is asked to stop hands the lease on at once", async () => {
  const third = await cluster.startController("controller-c", quickLease);
  await second.stop("SIGTERM");
  await waitUntil("controller-c to lead", async () =>
    (await leader()).holderIdentity === "controller-c" ? true : undefined,
  );
  await third.stop("SIGTERM");
  // the rest with the durations of a real installation
  await keepController();
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 8 } });
  await waitForSysctl(cluster, withSysctl, "8");
});

test("the API server can go and come back: nodes keep their limit meanwhile, and changes arrive afterwards", async () => {
  await controlPlane.stopApiServer("SIGKILL");
  await writeSysctl(cluster, withSysctl, "99");
  await waitForSysctl(cluster, withSysctl, "8");
  await controlPlane.startApiServer();
  await keepController();
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 10 } });
  for (const node of cluster.nodeNames) {
    await waitForProfile(cluster, node, "limit 10", ({ status }) => status.tuntap?.maxQueues === 10);
  }
  assert.equal(await readSysctl(cluster, withSysctl), "10");
});

test("an agent that starts while the API server is away applies what it applied last", async () => {
  await agent.stop("SIGKILL");
  await controlPlane.stopApiServer("SIGKILL");
  await writeSysctl(cluster, withSysctl, "256"); // as after a reboot
  const restarted = await cluster.startAgent(withSysctl, { tokenFile: tokenOf(withSysctl), flags: [quickDrift] });
  await waitForSysctl(cluster, withSysctl, "10");
  const { stdout } = await cluster.node(withSysctl).run(["cat", "/var/lib/mqtap/node.json"]);
  assert.match(stdout, /"maxQueues":\s*10/);
  await controlPlane.startApiServer();
  await keepController();
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 12 } });
  await waitForProfile(cluster, withSysctl, "limit 12", ({ status }) => status.tuntap?.maxQueues === 12);
  assert.ok(restarted.isRunning);
});

test("a profile that is deleted changes nothing on the node, and is written again", async () => {
  const before = await readSysctl(cluster, withSysctl);
  await controlPlane.kubectl(["delete", "mqp", withSysctl]);
  await waitForProfile(cluster, withSysctl, "limit 12", ({ status }) => status.tuntap?.maxQueues === 12);
  assert.equal(await readSysctl(cluster, withSysctl), before);
  assert.equal(await readFile(sysctlFile(cluster, withSysctl), "utf8"), "12\n");
});

test("an agent whose token is not of its node is refused, and leaves the node as it is", async () => {
  await stockAgent.stop();
  const stranger = await cluster.startAgent(stock, { tokenFile: tokenOf(withSysctl), flags: [quickDrift] });
  const before = (await readProfile(controlPlane, stock))?.status;
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 14 } });
  await waitUntil(
    "a refusal in the log",
    () => (stranger.logTail(40).includes("mqtap-agent-own-profile") ? true : undefined),
    { seen: () => stranger.logTail(40) },
  );
  assert.deepEqual((await readProfile(controlPlane, stock))?.status, before);
  await stranger.stop();
});

test("a kubeconfig that points nowhere gives one clear error", async () => {
  const file = path.join(cluster.directory, "nowhere.kubeconfig");
  const { caFile } = controlPlane;
  await writeFile(file, renderKubeconfig({ server: "https://127.0.0.1:1", caFile, user: "nobody", token: "none" }));
  const argv = [layout.node, path.join(layout.distDir, "controller.mjs"), `--kubeconfig=${file}`];
  const { status, stderr } = await runCommand(argv, { allowFailure: true, timeoutMs: 30_000 });
  assert.notEqual(status, 0);
  assert.match(stderr, /cannot reach the API server at https:\/\/127\.0\.0\.1:1.*ECONNREFUSED.*--kubeconfig/s);
});

for (const [what, { flag, message }] of Object.entries({
  "a kubeconfig that is not there": { flag: "--kubeconfig=/no/such/file", message: /\/no\/such\/file/ },
  "a flag that does not exist": { flag: "--kubeconfg=/x", message: /kubeconfg/ },
  "a duration that is none": { flag: "--lease-duration=soon", message: /--lease-duration "soon"/ },
})) {
  test(`the controller refuses ${what} at once`, async () => {
    const argv = [layout.node, path.join(layout.distDir, "controller.mjs"), flag];
    const { status, stderr } = await runCommand(argv, { allowFailure: true, timeoutMs: 20_000 });
    assert.notEqual(status, 0);
    assert.match(stderr, message);
  });
}
