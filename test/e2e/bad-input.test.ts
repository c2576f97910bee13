// What cannot be sized gives a clear error with its code, changes nothing, and is tried again by the runtime only where
// trying again can help (code 11).
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sizingRefusals } from "../../cni/sizing/protocol.ts";
import type { Daemon } from "../../deploy/local/daemon.ts";
import { createLauncherPods, type LauncherPod } from "../../deploy/local/story/launch.ts";
import { readLinks } from "../../deploy/local/story/link-reader.ts";
import type { VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { quickDrift, startOperatedCluster, stock, waitForProfile, withSysctl } from "./operated-cluster.ts";
import { addByItself } from "./plugin-call.ts";

const { cluster, agents } = await startOperatedCluster();
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane } = cluster;
for (const node of cluster.nodeNames) await waitForProfile(cluster, node, "an answer", () => true);

let agent = agents.get(stock);
const tryAgain = 11;

async function podOf(
  name: string,
  more: Partial<VirtualMachine> = {},
): Promise<LauncherPod & { readonly netns: string }> {
  const vm = { name, node: stock, cpu: { cores: 4 }, networks: ["default"], hasHook: true, ...more };
  const [pod] = await createLauncherPods(controlPlane, [vm]);
  assert.ok(pod !== undefined);
  return { ...pod, netns: await cluster.node(vm.node).addPodNetns(pod.name) };
}

async function assertUntouched({ netns, vm }: { readonly netns: string; readonly vm: VirtualMachine }): Promise<void> {
  assert.deepEqual([...(await readLinks(cluster.node(vm.node), netns)).keys()], ["lo"]);
}

test("a VMI that is gone", async () => {
  const pod = await podOf("gone");
  await controlPlane.kubectl(["delete", "vmi", "gone"]);
  const error = await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" });
  assert.equal(error?.code, sizingRefusals.VirtualMachineGone);
  assert.match(error.msg, /VirtualMachineInstance "default\/gone".* does not exist/);
  await assertUntouched(pod);
});

test("a VMI of the same name that is another one than the pod was made for", async () => {
  const pod = await podOf("reborn");
  await controlPlane.kubectl(["delete", "vmi", "reborn"]);
  await podOf("reborn");
  const error = await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" });
  assert.equal(error?.code, sizingRefusals.VirtualMachineGone);
  assert.ok(error.msg.includes(pod.vmiUid), error.msg);
  await assertUntouched(pod);
});

test("a pod that is gone, one of another uid, and one of another node", async () => {
  const pod = await podOf("elsewhere");
  const add = (changes: object): ReturnType<typeof addByItself> =>
    addByItself(cluster, { pod: { ...pod, ...changes }, netns: pod.netns, ifName: "eth0" });
  const other = await addByItself(cluster, {
    pod,
    node: withSysctl,
    netns: await cluster.node(withSysctl).addPodNetns("elsewhere"),
    ifName: "eth0",
  });
  for (const error of [await add({ name: "virt-launcher-none-12345" }), await add({ uid: "another" }), other]) {
    assert.equal(error?.code, sizingRefusals.PodNotFound);
    assert.match(error.msg, /pod "default\/virt-launcher-/);
  }
  await assertUntouched(pod);
});

test("a pod that only says it belongs to a VM", async () => {
  const pod = await podOf("forged");
  const path = `/api/v1/namespaces/default/pods/${pod.name}`;
  const contentType = "application/merge-patch+json";
  await controlPlane.request({ method: "PATCH", path, contentType, body: { metadata: { ownerReferences: null } } });
  const error = await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" });
  assert.equal(error?.code, sizingRefusals.NotAVirtualMachine);
  await assertUntouched(pod);
});

test("an interface of no network of the VM", async () => {
  const pod = await podOf("unknown");
  const error = await addByItself(cluster, { pod, netns: pod.netns, ifName: "podffffffffff0" });
  assert.equal(error?.code, sizingRefusals.UnknownNetwork);
  assert.match(error.msg, /podffffffffff0/);
  await assertUntouched(pod);
});

test("an agent that hangs: try again, and when it goes on all is well", async () => {
  const pod = await podOf("hung");
  agent?.child.kill("SIGSTOP");
  const error = await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" });
  agent?.child.kill("SIGCONT");
  assert.equal(error?.code, tryAgain);
  await assertUntouched(pod);
  assert.equal(await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" }), undefined);
});

test("an agent that is away: try again", async () => {
  const pod = await podOf("away");
  await agent?.stop();
  const error = await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" });
  assert.equal(error?.code, tryAgain);
  assert.match(`${error.msg} ${error.details}`, /agent/);
  await assertUntouched(pod);
});

test("something else that answers on the agent's socket: try again", async () => {
  const pod = await podOf("garbage");
  const socket = "/run/mqtap/agent.sock";
  const script = `require("node:net").createServer((c) => c.on("error", () => {}).end("<html>\\n")).listen("${socket}")`;
  const node = cluster.node(stock);
  await using impostor: Daemon = node.spawn(
    [process.execPath, "-e", `require("node:fs").rmSync("${socket}", {force: true}); ${script}`],
    {
      name: "impostor",
      logFile: `${cluster.directory}/impostor.log`,
    },
  );
  await waitUntil("the impostor to listen", async () => {
    assert.ok(impostor.isRunning);
    const { status } = await node.run(["test", "-S", socket], { allowFailure: true });
    return status === 0 ? true : undefined;
  });
  const error = await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" });
  assert.equal(error?.code, tryAgain);
  await assertUntouched(pod);
});

test("an agent that cannot reach the API server: try again; when the server is back all is well", async () => {
  agent = await cluster.startAgent(stock, { flags: [quickDrift] });
  const pod = await podOf("no-api");
  await controlPlane.stopApiServer("SIGKILL");
  const error = await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" });
  assert.equal(error?.code, tryAgain);
  assert.match(`${error.msg} ${error.details}`, /API server/);
  await assertUntouched(pod);
  await controlPlane.startApiServer();
  await waitUntil("ADD to succeed", async () => {
    const again = await addByItself(cluster, { pod, netns: pod.netns, ifName: "eth0" });
    return again === undefined ? true : undefined;
  });
});
