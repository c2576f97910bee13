// The plugin's life on a node as an administrator sees it: `kubectl get mqp`, its conditions and events, the files on the node;
// and the way back, which keeps what something still needs.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import type { NodeNetworkProfile } from "../../crds/node-network-profile.ts";
import type { Daemon } from "../../deploy/local/daemon.ts";
import { multusManifests } from "../../deploy/local/multus.ts";
import { createLauncherPods, invoke, startPodNetwork } from "../../deploy/local/story/launch.ts";
import { readEvents } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import {
  applyConfig,
  conditionOf,
  messageOf,
  quickDrift,
  readSysctl,
  startCluster,
  waitForProfile,
  waitForSysctl,
  withSysctl,
} from "./operated-cluster.ts";
import { addByItself } from "./plugin-call.ts";

const name = withSysctl;
const cluster = await startCluster({ nodes: [{ name, hasTuntapSysctl: true }] });
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane } = cluster;
const node = cluster.node(name);
await cluster.startController("controller-a");

const below = (...names: string[]): string => path.join(cluster.directory, "host", ...names);
for (const directory of ["bin", "etc", "net.d"]) mkdirSync(below(directory), { recursive: true });
writeFileSync(below("bin/bridge"), "");
const chain = (...types: string[]): string =>
  JSON.stringify({ name: "pods", plugins: types.map((type) => ({ type })) });
writeFileSync(below("net.d/10-pods.conflist"), chain("ptp", "mqtap"));
const plugin = below("bin/mqtap");
const policy = below("etc/policy.json");
const flags = [
  ...[quickDrift, "--install-interval=300ms", `--host-root=${below()}`, `--cni-bin-dir=${below("bin")}`],
  ...[`--policy-file=${policy}`, `--cni-conf-dirs=${below("net.d")}`],
];
let agent: Daemon = await cluster.startAgent(name, { flags });

async function restart(...more: string[]): Promise<void> {
  await agent.stop();
  agent = await cluster.startAgent(name, { flags: [...flags, ...more] });
}

function waitForCondition(type: string, wanted: string): Promise<NodeNetworkProfile> {
  return waitForProfile(cluster, name, `${type} ${wanted}`, ({ status }) => conditionOf(status, type) === wanted);
}

async function waitForEvent(reason: string, words: RegExp): Promise<void> {
  await waitUntil(`an event ${reason} that says ${words}`, async () => {
    const events = await readEvents(controlPlane, { kind: "NodeNetworkProfile", name });
    return events.find((event) => event.reason === reason && words.test(event.note));
  });
}

const isCurrent = (): boolean => readFileSync(plugin).equals(readFileSync(path.join(cluster.layout.distDir, "mqtap")));

test("an agent installs policy and plugin, and says so in the profile and in events", async () => {
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 4 } });
  await waitForSysctl(cluster, name, "4");
  const { status } = await waitForCondition("PluginInstalled", "True Installed");
  assert.match(messageOf(status, "PluginInstalled"), /^\/bin\/mqtap is this agent's release \(sha256 \w{12}\)/);
  assert.equal(conditionOf(status, "Degraded"), "False AsExpected");
  assert.ok(isCurrent());
  await waitForEvent("PluginInstalled", /\/bin\/mqtap is installed/);
  await waitForEvent("PolicyInstalled", /\/etc\/policy\.json/);
});

test("a plugin that somebody deletes comes back, with an event", async () => {
  rmSync(plugin);
  await waitUntil("the plugin", () => (existsSync(plugin) && isCurrent() ? true : undefined));
  await waitForEvent("PluginRepaired", /was deleted and is installed again/);
});

test("a foreign file in the plugin's place stays, and the profile says what to do", async () => {
  rmSync(plugin);
  copyFileSync("/bin/true", plugin);
  const { status } = await waitForCondition("PluginInstalled", "False ForeignFile");
  assert.match(
    messageOf(status, "PluginInstalled"),
    /\/bin\/mqtap is another program, not mqtap's.*remove it from the node/,
  );
  assert.equal(conditionOf(status, "Degraded"), "True ForeignFile");
  assert.equal(conditionOf(status, "Applied"), "True Applied");
  await waitForEvent("ForeignFile", /remove it/);
  rmSync(plugin);
  await waitForCondition("PluginInstalled", "True Installed");
});

test("a read-only CNI directory is reported, and the rest of the agent goes on", async () => {
  await agent.stop();
  rmSync(plugin);
  await node.run(["mount", "--bind", "-o", "ro", below("bin"), below("bin")]);
  await restart();
  const { status } = await waitForCondition("PluginInstalled", "False DirectoryReadOnly");
  assert.match(messageOf(status, "PluginInstalled"), /EROFS.*bin_dir or plugin_dirs.*--cni-bin-dir/);
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 6 } });
  await waitForSysctl(cluster, name, "6");
  await node.run(["umount", below("bin")]);
  await waitForCondition("PluginInstalled", "True Installed");
});

test("an agent that is given no CNI directory installs nothing and says so", async () => {
  await restart("--cni-bin-dir=");
  await waitForCondition("PluginInstalled", "Unknown NotManaged");
  await restart();
  await waitForCondition("PluginInstalled", "True Installed");
});

const vm = { name: "v", node: name, cpu: { cores: 4 }, networks: ["default"], hasHook: true };

test("uninstalling restores the node's value at once, and keeps the plugin while a pod has a tap of it", async () => {
  const [pod] = await createLauncherPods(controlPlane, [vm]);
  assert.ok(pod !== undefined);
  const netns = await startPodNetwork(cluster, pod);
  await restart("--uninstall");
  await waitForSysctl(cluster, name, "256");
  const { status } = await waitForCondition("Uninstalled", "False TapsPresent");
  assert.match(messageOf(status, "Uninstalled"), /tap0 in \/run\/netns\/virt-launcher-v-.*stop or migrate/);
  assert.equal(conditionOf(status, "PluginInstalled"), "True StillNeeded");
  assert.equal(conditionOf(status, "Applied"), "False UninstallMode");
  assert.ok(isCurrent() && existsSync(policy));

  const refused = await addByItself(cluster, { pod, netns, ifName: "eth1" });
  assert.equal(refused?.code, 11);
  assert.match(
    refused.msg,
    /mqtap is being uninstalled from this node: take mqtap out of the pod's networks, or install it/,
  );
  const [attachment] = pod.attachments;
  assert.ok(attachment !== undefined);
  assert.equal((await invoke(cluster, "del", { pod, attachment, netns })).status, 0);
  await node.deletePodNetns(pod.name);
});

test("no profile changes anything meanwhile", async () => {
  await applyConfig(cluster, "limit", { tuntap: { maxQueues: 8 } });
  await waitForProfile(cluster, name, "the new limit", ({ spec }) => spec.tuntap?.maxQueues === 8);
  assert.equal(await readSysctl(cluster, name), "256");
});

test("it keeps the plugin while the runtime's configuration or a network of the cluster names it", async () => {
  const { status } = await waitForCondition("Uninstalled", "False ConfigurationsRefer");
  assert.match(messageOf(status, "Uninstalled"), /\/net\.d\/10-pods\.conflist/);
  writeFileSync(below("net.d/10-pods.conflist"), chain("ptp"));

  const blind = await waitForCondition("Uninstalled", "False NetworksUnreadable");
  assert.match(messageOf(blind.status, "Uninstalled"), /forbidden.*deploy\/overlays\/uninstall/s);
  const config = chain("bridge", "mqtap");
  const blue = {
    ...{ apiVersion: "k8s.cni.cncf.io/v1", kind: "NetworkAttachmentDefinition" },
    metadata: { name: "blue", namespace: "default" },
    spec: { config },
  };
  for (const items of [multusManifests, [blue]]) {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    await waitUntil("the objects to be taken", () =>
      controlPlane.kubectl(["apply", "-f", "-"], { stdin: list }).catch(() => undefined),
    );
  }
  const rights = path.join(cluster.layout.root, "deploy/components/uninstall/agent-rbac.yaml");
  await controlPlane.kubectl(["apply", "-f", rights]);
  const named = await waitForCondition("Uninstalled", "False NetworksRefer");
  assert.match(messageOf(named.status, "Uninstalled"), /default\/blue/);
  assert.ok(isCurrent() && existsSync(policy));
});

test("when nothing needs it any more, plugin, policy and the agent's own files go, and that is all", async () => {
  await controlPlane.kubectl(["delete", "network-attachment-definitions", "blue"]);
  const { status } = await waitForCondition("Uninstalled", "True Uninstalled");
  assert.equal(conditionOf(status, "PluginInstalled"), "False Uninstalled");
  assert.deepEqual([readdirSync(below("bin")), readdirSync(below("etc"))], [["bridge"], []]);
  assert.equal((await node.run(["ls", "/var/lib/mqtap"])).stdout, "");
  await restart("--uninstall");
  await waitForCondition("Uninstalled", "True Uninstalled");
});

test("an agent in its usual mode brings all of it back", async () => {
  await restart();
  const { status } = await waitForCondition("PluginInstalled", "True Installed");
  assert.equal(conditionOf(status, "Uninstalled"), "absent");
  await waitForSysctl(cluster, name, "8");
  assert.ok(isCurrent() && existsSync(policy));
});
