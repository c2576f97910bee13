// What happens to the files on a node behind the agent's back: other hands on a sysctl, sysctls that cannot be written or
// do not keep what is written, and files of the agent's own that are damaged.
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { after, beforeEach, test } from "node:test";
import { readEvents, readProfile } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import {
  applyConfig,
  conditionOf,
  deleteConfigs,
  messageOf,
  quickDrift,
  readSysctl,
  startOperatedCluster,
  stock,
  sysctlFile,
  waitForConfig,
  waitForProfile,
  waitForSysctl,
  withSysctl,
  writeSysctl,
} from "./operated-cluster.ts";

const { cluster, agents } = await startOperatedCluster();
after(() => cluster[Symbol.asyncDispose]());
const node = cluster.node(withSysctl);
/** Everything as before mqtap: no config, and 256 in the kernel. */
beforeEach(async () => {
  await deleteConfigs(cluster);
  await waitForProfile(cluster, withSysctl, "nothing wanted", (seen) =>
    conditionOf(seen.status, "Applied").endsWith("NothingToApply"),
  );
  await writeSysctl(cluster, withSysctl, "256");
  await waitForProfile(cluster, withSysctl, "256", ({ status }) => status.tuntap?.kernelLimit === 256);
});

const shell = (script: string): Promise<{ readonly stdout: string }> => node.run(["sh", "-ec", script]);

let agent = agents.get(withSysctl);

async function restartAgent(between: () => Promise<unknown>): Promise<void> {
  await agent?.stop("SIGTERM");
  await between();
  agent = await cluster.startAgent(withSysctl, { flags: [quickDrift] });
}

test("a value that someone changed is put back", async () => {
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4 } });
  await waitForSysctl(cluster, withSysctl, "4");
  await waitForProfile(cluster, withSysctl, "limit 4", ({ status }) => status.tuntap?.maxQueues === 4);
  await writeSysctl(cluster, withSysctl, "77");
  await waitForSysctl(cluster, withSysctl, "4");
});

test("a value that someone keeps changing is reported as overridden, and then left to them", async () => {
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 7 } });
  await waitForSysctl(cluster, withSysctl, "7");
  await waitUntil("the agent to give up", async () => {
    await writeSysctl(cluster, withSysctl, "77");
    const profile = await readProfile(cluster.controlPlane, withSysctl);
    return profile !== undefined && conditionOf(profile.status, "Applied") === "True Overridden" ? true : undefined;
  });
  const { status } = await waitForProfile(cluster, withSysctl, "77", (seen) => seen.status.tuntap?.kernelLimit === 77);
  assert.equal(conditionOf(status, "Degraded"), "True Overridden");
  assert.match(messageOf(status, "Degraded"), /77/);
  assert.equal(status.tuntap?.maxQueues, 7);
  await waitForConfig(cluster, "limit", "an overridden node", ({ nodes }) => nodes?.overridden === 1);

  await deleteConfigs(cluster);
  const events = await waitUntil("an event on the value that was not restored", async () => {
    const found = await readEvents(cluster.controlPlane, { kind: "NodeNetworkProfile", name: withSysctl });
    return found.find(({ reason }) => reason === "NotRestored");
  });
  assert.match(events.note, /max_queues/);
  assert.equal(await readSysctl(cluster, withSysctl), "77");
});

test("a read-only sysctl fails the node with a message that says so, and is not written again in a loop", async () => {
  const file = sysctlFile(cluster, withSysctl);
  await shell(`mount --bind ${file} ${file}; mount -o remount,bind,ro ${file}`);
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4 } });
  const failed = await waitForProfile(cluster, withSysctl, "a failure", ({ status }) =>
    conditionOf(status, "Applied").startsWith("False"),
  );
  assert.equal(conditionOf(failed.status, "Applied"), "False SysctlReadOnly");
  assert.match(messageOf(failed.status, "Applied"), /max_queues/);
  const status = await waitForConfig(cluster, "limit", "a failed node", ({ nodes }) => nodes?.failed === 1);
  assert.deepEqual(
    status.failing?.map(({ node: name, reason }) => [name, reason]),
    [[withSysctl, "SysctlReadOnly"]],
  );
  assert.equal(conditionOf(status, "Ready"), "False NodesFailed");
  assert.equal(await readSysctl(cluster, withSysctl), "256");

  // by now it may have been tried as often as it will be in ten minutes: a new value begins anew
  await shell(`umount ${file}`);
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 5 } });
  await waitForSysctl(cluster, withSysctl, "5");
  await waitForProfile(
    cluster,
    withSysctl,
    "limit 5",
    (seen) => conditionOf(seen.status, "Applied") === "True Applied",
  );
});

test("a sysctl that keeps another value than was written is reported with both, and restored", async () => {
  const file = sysctlFile(cluster, withSysctl);
  // a bridge's query interval stands for it: the kernel takes a 4 and makes it 100 (br_multicast_set_query_intvl)
  await shell(
    `mkdir -p /run/sys; mount -t sysfs sysfs /run/sys; ip link add clamp type bridge
     mount --bind /run/sys/class/net/clamp/bridge/multicast_query_interval ${file}`,
  );
  const inside = async (): Promise<string> => (await shell(`cat ${file}`)).stdout.trim();
  const original = await inside();
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4 } });
  const { status } = await waitForProfile(
    cluster,
    withSysctl,
    "a mismatch",
    (seen) => conditionOf(seen.status, "Applied") === "False ReadBackMismatch",
  );
  assert.match(messageOf(status, "Applied"), /reads 100 after 4 was written/);
  assert.equal(status.tuntap?.kernelLimit, 100);
  await waitForConfig(cluster, "limit", "a failed node", ({ nodes }) => nodes?.failed === 1);
  await deleteConfigs(cluster);
  await waitForProfile(
    cluster,
    withSysctl,
    "nothing wanted",
    (seen) => conditionOf(seen.status, "Applied") === "True NothingToApply",
  );
  assert.equal(await inside(), original);
  await shell(`umount ${file}; umount /run/sys; ip link del clamp`);
});

test("a sysctl that vanishes leaves the limit advisory, and is used again when it comes back", async () => {
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4 } });
  await waitForProfile(cluster, withSysctl, "a sysctl", ({ status }) => status.tuntap?.enforcedBy === "Sysctl");
  await rm(sysctlFile(cluster, withSysctl));
  const { status } = await waitForProfile(
    cluster,
    withSysctl,
    "no sysctl",
    (seen) => seen.status.tuntap?.enforcedBy === "Advisory",
  );
  assert.equal(status.tuntap?.maxQueues, 4);
  assert.ok(conditionOf(status, "Applied").startsWith("True"));
  await writeSysctl(cluster, withSysctl, "256");
  await waitForSysctl(cluster, withSysctl, "4");
  await waitForProfile(cluster, withSysctl, "a sysctl", (seen) => seen.status.tuntap?.enforcedBy === "Sysctl");
});

test("a key that no kernel knows is reported once and not tried in a loop", async () => {
  const key = "net.core.rps_sock_flow_entries";
  for (const name of cluster.nodeNames) await rm(sysctlFile(cluster, name, "net/core/rps_sock_flow_entries"));
  await applyConfig(cluster, "nobody-can", { sysctls: [{ name: key, value: "32768" }] });
  for (const name of cluster.nodeNames) {
    const { status } = await waitForProfile(
      cluster,
      name,
      "an unsupported key",
      (seen) => seen.status.sysctls?.length === 1,
    );
    assert.deepEqual(
      status.sysctls?.map(({ state }) => state),
      ["Unsupported"],
    );
    assert.ok(conditionOf(status, "Applied").startsWith("True"));
  }
  const status = await waitForConfig(cluster, "nobody-can", "a verdict", ({ nodes }) => nodes?.unsupported === 2);
  assert.match(conditionOf(status, "Degraded"), /UnsupportedEverywhere/);
  assert.match(messageOf(status, "Degraded"), new RegExp(key.replaceAll(".", "[.]")));

  // other nodes' changes go through several more rounds of controller and agent: nothing is written for this config
  const versions = async (): Promise<readonly (string | undefined)[]> =>
    Promise.all(
      cluster.nodeNames.map(async (name) => (await readProfile(cluster.controlPlane, name))?.metadata.resourceVersion),
    );
  const before = await versions();
  await applyConfig(cluster, "elsewhere", {
    nodeSelector: { matchLabels: { "no-such": "label" } },
    tuntap: { maxQueues: 4 },
  });
  await waitForConfig(cluster, "elsewhere", "a verdict", (seen) => conditionOf(seen, "Ready") !== "absent");
  assert.deepEqual(await versions(), before);
  await deleteConfigs(cluster);
});

test("a corrupt node.json is replaced when the agent starts", async () => {
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4 } });
  await waitForProfile(cluster, withSysctl, "limit 4", ({ status }) => status.tuntap?.maxQueues === 4);
  await restartAgent(() => shell("echo '{\"maxQueues\": ' > /var/lib/mqtap/node.json"));
  await waitUntil("a whole node.json", async () => {
    const { stdout } = await shell("cat /var/lib/mqtap/node.json");
    return stdout.includes("NodeNetworkConfig/limit") && stdout.trimEnd().endsWith("}") ? stdout : undefined;
  });
});

test("a corrupt state.json is set aside, reported, and no original is invented", async () => {
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 9 } });
  await waitForProfile(cluster, withSysctl, "limit 9", ({ status }) => status.tuntap?.maxQueues === 9);
  await restartAgent(() => shell("echo '{{{' > /var/lib/mqtap/state.json"));
  const { status } = await waitForProfile(cluster, withSysctl, "a report", (seen) =>
    conditionOf(seen.status, "Degraded").startsWith("True"),
  );
  assert.equal(conditionOf(status, "Degraded"), "True StateFileCorrupt");
  const [aside = ""] = (await shell("ls /var/lib/mqtap/state.json.corrupt-*")).stdout.trim().split("\n");
  assert.ok(messageOf(status, "Degraded").includes(aside), messageOf(status, "Degraded"));
  assert.equal((await shell(`cat ${aside}`)).stdout, "{{{\n");

  await deleteConfigs(cluster);
  await waitForProfile(
    cluster,
    withSysctl,
    "nothing wanted",
    (seen) => conditionOf(seen.status, "Applied") === "True NothingToApply",
  );
  assert.equal(
    await readSysctl(cluster, withSysctl),
    "9",
    "what was there before mqtap is lost, so nothing is written",
  );
  await shell(`rm ${aside}`);
  await waitForProfile(
    cluster,
    withSysctl,
    "a clean node",
    (seen) => conditionOf(seen.status, "Degraded") === "False AsExpected",
  );
});

test("a node without /dev/net/tun says so", async () => {
  const missing = "--tun-device=/dev/net/not-there";
  await agents.get(stock)?.stop();
  const agent = await cluster.startAgent(stock, { flags: [quickDrift, missing] });
  const { status } = await waitForProfile(cluster, stock, "a report", (seen) =>
    conditionOf(seen.status, "Degraded").startsWith("True"),
  );
  assert.equal(conditionOf(status, "Degraded"), "True TunDeviceMissing");
  assert.match(messageOf(status, "Degraded"), /load the kernel module tun/);
  await agent.stop();
});

test("a kernel limit of 1 that mqtap did not set is reported", async () => {
  await writeFile(sysctlFile(cluster, withSysctl), "1\n");
  const { status } = await waitForProfile(cluster, withSysctl, "a report", (seen) =>
    conditionOf(seen.status, "Degraded").startsWith("True"),
  );
  assert.equal(conditionOf(status, "Degraded"), "True KernelLimitBelowTwo");
});
