// After the start: the agent counts the queues that each VM's process really holds and says whether the cap holds, through
// the plugin's own `inspect` in the node, down to the profile's status and the events that a VM's owner reads.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { createLauncherPods, invoke, type LauncherPod, startPodNetwork } from "../../deploy/local/story/launch.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { type ObservedEvent, readEvents } from "../../deploy/local/story/observe.ts";
import { type QueueConsumer, startQueueConsumer } from "../../deploy/local/story/queue-consumer.ts";
import type { VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { type Attachment, parseState } from "../../operator/agent/state.ts";
import { applyConfig, quickDrift, startCluster, stock, waitForProfile } from "./operated-cluster.ts";

const cluster = await startCluster({ nodes: [{ name: stock, hasTuntapSysctl: false }] });
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane } = cluster;
const node = cluster.node(stock);

await cluster.startController("controller-a");
const agentFlags = [
  quickDrift,
  `--plugin=${path.join(layoutOfCheckout().distDir, "mqtap")}`,
  "--inspect-interval=300ms",
  "--over-limit-interval=0s",
];
let agent = await cluster.startAgent(stock, { flags: agentFlags });
await applyConfig(cluster, "dense", { tuntap: { maxQueues: 4 } });
await waitForOverLimit(0);

function vm(name: string, more: Partial<VirtualMachine> = {}): VirtualMachine {
  return { name, node: stock, cpu: { sockets: 2, cores: 4 }, networks: ["default"], hasHook: true, ...more };
}

async function launch(machine: VirtualMachine): Promise<LauncherPod & { readonly netns: string }> {
  const [pod] = await createLauncherPods(controlPlane, [machine]);
  assert.ok(pod !== undefined);
  return { ...pod, netns: await startPodNetwork(cluster, pod) };
}

/** The VM's process: opens the queues as QEMU does, whatever they were planned to be. */
async function open(netns: string, queues: number, tap = "tap0"): Promise<QueueConsumer> {
  const consumer = startQueueConsumer(node, { netns, descriptors: queues });
  assert.deepEqual(await consumer.open({ tap, queues, isMultiQueue: true }), { opened: queues });
  return consumer;
}

async function waitForOverLimit(count: number): Promise<void> {
  await waitForProfile(cluster, stock, `overLimit ${count}`, ({ status }) => status.overLimit === count);
}

/** What the VM's owner was told after the start. */
async function verified(name: string): Promise<readonly ObservedEvent[]> {
  const events = await readEvents(controlPlane, { kind: "VirtualMachineInstance", name });
  return events.filter(({ reason }) => reason !== "QueuesPlanned");
}

function waitForVerified(name: string, reason: string): Promise<ObservedEvent> {
  return waitUntil(
    `${reason} on "${name}"`,
    async () => (await verified(name)).find((event) => event.reason === reason),
    { seen: () => cluster.logTails().join("\n") },
  );
}

/** The agent's own record of one pod. */
function attachmentsOf(podName: string): readonly Attachment[] {
  const { attachments } = parseState(readFileSync(`/proc/${node.holderPid}/root/var/lib/mqtap/state.json`, "utf8"));
  return Object.values(attachments).filter(({ pod }) => pod === `default/${podName}`);
}

test("4 of 8 queues opened: the owner reads that the cap holds", async () => {
  const { netns } = await launch(vm("v-capped"));
  await using _consumer = await open(netns, 4);
  const { type, note } = await waitForVerified("v-capped", "QueuesCapped");
  assert.equal(type, "Normal");
  assert.equal(note, '8 -> 4 on network "default": node limit 4 by NodeNetworkConfig/dense; the VM runs with 4');
  await waitForOverLimit(0);
});

test("8 opened: the owner reads why and what to do, and the profile counts the VM until it ends", async () => {
  const { netns, name } = await launch(vm("v-over"));
  {
    await using _consumer = await open(netns, 8);
    const { type, note } = await waitForVerified("v-over", "CapNotApplied");
    assert.equal(type, "Warning");
    assert.match(
      note,
      /^8 instead of 4 on network "default": the pod's hook was skipped or could not lower the number/,
    );
    assert.match(note, new RegExp(`kubectl logs -n default ${name}`));
    await waitForOverLimit(1);
    const table = await controlPlane.kubectl(["get", "mqp", stock]);
    const [head = "", row = ""] = table.split("\n");
    assert.equal(row.split(/\s+/)[head.split(/\s+/).indexOf("OVERLIMIT")], "1", table);
  }
  await waitForOverLimit(0);
});

test("a VM without the hook is told to get it, once, also when the agent starts again", async () => {
  const { netns, name } = await launch(vm("v-no-hook", { hasHook: false }));
  await using _consumer = await open(netns, 8);
  assert.match((await waitForVerified("v-no-hook", "CapNotApplied")).note, /the pod has no mqtap hook: add it/);
  await waitForOverLimit(1);
  await waitUntil("the agent to note what it said", () =>
    attachmentsOf(name)[0]?.said?.includes("CapNotApplied") === true ? true : undefined,
  );
  await agent.stop("SIGTERM", 10_000);
  agent = await cluster.startAgent(stock, { flags: agentFlags });
  const { netns: other } = await launch(vm("v-after-restart"));
  await using _another = await open(other, 4);
  await waitForVerified("v-after-restart", "QueuesCapped");
  assert.equal((await verified("v-no-hook")).length, 1);
  await waitForOverLimit(1);
});

test("a lower limit counts VMs that run with more, and says nothing to them", async () => {
  const { netns } = await launch(vm("v-before"));
  await using _consumer = await open(netns, 4);
  await waitForVerified("v-before", "QueuesCapped");
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 3 } });
  await waitForOverLimit(1);
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 4 } });
  await waitForOverLimit(0);
  assert.deepEqual(
    (await verified("v-before")).map(({ reason }) => reason),
    ["QueuesCapped"],
  );
});

test("an alias that the pod has changed is told, and does not hide the queues", async () => {
  const { netns, name } = await launch(vm("v-forged"));
  await waitUntil("the agent to know where the tap is", () => attachmentsOf(name)[0]?.netns);
  await node.run(["nsenter", `--net=${netns}`, "--", "ip", "link", "set", "dev", "tap0", "alias", "mine"]);
  await using _consumer = await open(netns, 8);
  const { type, note } = await waitForVerified("v-forged", "TapChanged");
  assert.equal(type, "Warning");
  assert.match(
    note,
    /^tap "tap0" of network "default" is not as it was made: its alias is not the one that mqtap gave/,
  );
  await waitForVerified("v-forged", "CapNotApplied");
  await waitForOverLimit(1);
});

test("what is gone leaves the agent's state when its pod is gone too, and not before", async () => {
  const pod = await launch(vm("v-gone", { networks: ["default", "blue"] }));
  await waitUntil("the agent to see both taps", () =>
    attachmentsOf(pod.name).filter(({ netns }) => netns === pod.netns).length === 2 ? true : undefined,
  );
  await controlPlane.kubectl(["delete", "pod", pod.name, "--grace-period=0", "--force"]);
  const [first, second] = pod.attachments;
  assert.ok(first !== undefined && second !== undefined);
  assert.equal((await invoke(cluster, "del", { pod, attachment: first, netns: pod.netns })).status, 0);
  await waitUntil("one to be forgotten", () => (attachmentsOf(pod.name).length === 1 ? true : undefined));
  await node.deletePodNetns(pod.name);
  await waitUntil("the other to be forgotten", () => (attachmentsOf(pod.name).length === 0 ? true : undefined));
});
