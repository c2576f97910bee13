// VMs get the queues they can use and their node allows: through libcni, the plugin, the agent and the API server, down to
// what the kernel counts when a consumer opens them as QEMU does.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspectPod } from "../../deploy/local/story/inspect-pod.ts";
import { createLauncherPods, invoke, type LauncherPod, startPodNetwork } from "../../deploy/local/story/launch.ts";
import { attachedQueues, readLinks } from "../../deploy/local/story/link-reader.ts";
import { chainedNetwork } from "../../deploy/local/story/networks.ts";
import { startQueueConsumer } from "../../deploy/local/story/queue-consumer.ts";
import type { SizedTap } from "../../deploy/local/story/sizing-report.ts";
import { queuesOf } from "../../deploy/local/story/sizing-report.ts";
import type { VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import { networkNames, storyVms } from "../../deploy/local/story/vms.ts";
import {
  applyConfig,
  startOperatedCluster,
  stock,
  waitForProfile,
  waitForSysctl,
  withSysctl,
} from "./operated-cluster.ts";

const narrow = {
  ...chainedNetwork("narrow", 40),
  plugins: [...chainedNetwork("narrow", 40).plugins.slice(0, 1), { type: "mqtap", sizing: "vm", maxQueues: 3 }],
};
const { cluster } = await startOperatedCluster({ networks: [narrow] });
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane } = cluster;

await applyConfig(cluster, "dense", { tuntap: { maxQueues: 4, maxQueuesPerVM: 32 } });
for (const node of cluster.nodeNames) {
  await waitForProfile(cluster, node, "limit 4", ({ status }) => status.tuntap?.maxQueues === 4);
}

async function launch(vm: VirtualMachine): Promise<LauncherPod & { readonly netns: string }> {
  const [pod] = await createLauncherPods(controlPlane, [vm]);
  assert.ok(pod !== undefined);
  return { ...pod, netns: await startPodNetwork(cluster, pod) };
}

/** Starts the VM's pod, lets a consumer open what each tap is made for, and reads everything back. */
async function sized(vm: VirtualMachine): Promise<readonly SizedTap[]> {
  const pod = await launch(vm);
  await using consumer = startQueueConsumer(cluster.node(vm.node), { netns: pod.netns, descriptors: 90 });
  return await inspectPod(cluster, pod, consumer);
}

const eight = { sockets: 2, cores: 4 };
const vm = (name: string, more: Partial<VirtualMachine> = {}): VirtualMachine => ({
  name,
  node: stock,
  cpu: eight,
  networks: ["default"],
  hasHook: true,
  ...more,
});

const expectations: Readonly<
  Record<string, { readonly vm: VirtualMachine; readonly queues: number; readonly why: RegExp }>
> = {
  "8 vCPUs get the node's limit where a kernel sysctl holds it": {
    vm: vm("e-sysctl", { node: withSysctl }),
    queues: 4,
    why: /^8 -> 4 on network "default": node limit 4 by NodeNetworkConfig\/dense/,
  },
  "8 vCPUs get the node's limit where it is advisory": {
    vm: vm("e-advisory"),
    queues: 4,
    why: /^8 -> 4 on network "default": node limit 4 by NodeNetworkConfig\/dense/,
  },
  "2 vCPUs get 2": { vm: vm("e-two", { cpu: { cores: 2 } }), queues: 2, why: /^2 on network "default": 2 vCPUs/ },
  "1 vCPU gets a single-queue tap": {
    vm: vm("e-one", { cpu: { cores: 1 } }),
    queues: 1,
    why: /^1 on network "default": 1 vCPU/,
  },
  "a VM without multiqueue gets a single-queue tap and no event": {
    vm: vm("e-off", { isMultiqueue: false }),
    queues: 1,
    why: /^no event$/,
  },
  "a pod without the hook gets what KubeVirt opens, and its owner is told": {
    vm: vm("e-no-hook", { hasHook: false }),
    queues: 8,
    why: /^8 on network "default": advisory: no hook/,
  },
  "the VM's own annotation lowers the number": {
    vm: vm("e-annotated", { annotations: { "mqtap.io/max-queues": "3" } }),
    queues: 3,
    why: /^8 -> 3 on network "default": .*mqtap\.io\/max-queues/,
  },
  "an annotation does not raise it": {
    vm: vm("e-greedy", { annotations: { "mqtap.io/max-queues": "200" } }),
    queues: 4,
    why: /node limit 4/,
  },
  "a cap of 1 is raised to 2, so that the VM still starts": {
    vm: vm("e-floor", { annotations: { "mqtap.io/max-queues": "1" } }),
    queues: 2,
    why: /raised to the floor of 2/,
  },
};

for (const [title, { vm: machine, queues, why }] of Object.entries(expectations)) {
  test(title, async () => {
    const [tap, ...others] = await sized(machine);
    assert.ok(tap !== undefined && others.length === 0);
    assert.match(tap.why, why);
    assert.equal(queuesOf(tap.link), queues);
    assert.deepEqual(tap.opened, { opened: queues });
    assert.equal(attachedQueues(tap.link), queues === 1 ? undefined : queues);
    const { link } = tap;
    assert.deepEqual([link?.name, link?.kind, link?.qdisc, link?.isUp], ["tap0", "tun", "noqueue", true]);
    const state = link?.tap;
    assert.equal(state?.isMultiQueue, queues > 1);
    assert.deepEqual([state?.isPersistent, state?.owner, state?.group], [true, 107, 107]);
  });
}

test("a VM with ten NICs shares its 32 queues evenly: 3 each", async () => {
  const taps = await sized(vm("e-ten", { networks: networkNames }));
  assert.equal(taps.length, 10);
  for (const tap of taps) {
    assert.match(tap.why, /^8 -> 3 on network ".+": maxQueuesPerVM 32 over 10 NICs by NodeNetworkConfig\/dense/);
    assert.deepEqual([queuesOf(tap.link), attachedQueues(tap.link), tap.opened], [3, 3, { opened: 3 }]);
  }
  assert.equal(new Set(taps.map(({ tap }) => tap)).size, 10);
});

test("the network's own maxQueues lowers the number for its interface alone", async () => {
  const taps = await sized(vm("e-narrow", { networks: ["default", "narrow"] }));
  assert.deepEqual(
    taps.map(({ link }) => queuesOf(link)),
    [4, 3],
  );
});

test("all VMs of the story get what the README shows", async () => {
  const found: Record<string, readonly (number | undefined)[]> = {};
  for (const machine of storyVms) {
    const taps = await sized(machine);
    found[machine.name] = [...new Set(taps.map(({ link }) => queuesOf(link)))];
  }
  assert.deepEqual(found, { web: [4], small: [2], tiny: [1], router: [3], legacy: [8] });
});

test("the kernel's own 256 is the end: one more queue is E2BIG", async () => {
  const pod = await launch(vm("e-256"));
  await using consumer = startQueueConsumer(cluster.node(stock), { netns: pod.netns, descriptors: 257 });
  assert.deepEqual(await consumer.open({ tap: "tap0", queues: 256, isMultiQueue: true }), { opened: 256 });
  assert.equal(attachedQueues((await readLinks(cluster.node(stock), pod.netns)).get("tap0")), 256);
  assert.deepEqual(await consumer.open({ tap: "tap0", queues: 1, isMultiQueue: true }), { opened: 0, error: "E2BIG" });
});

test("a consumer that has the wrong flag is refused by the kernel, so the bit must be what KubeVirt would use", async () => {
  const pod = await launch(vm("e-flag"));
  await using consumer = startQueueConsumer(cluster.node(stock), { netns: pod.netns, descriptors: 2 });
  assert.deepEqual(await consumer.open({ tap: "tap0", queues: 1, isMultiQueue: false }), {
    opened: 0,
    error: "EINVAL",
  });
});

test("CHECK agrees with what ADD made; DEL removes it, again and again, and leaves the other interfaces", async () => {
  const pod = await launch(vm("e-life", { networks: ["default", "blue"] }));
  const [attachment] = pod.attachments;
  assert.ok(attachment !== undefined);
  const run = (verb: "check" | "del"): ReturnType<typeof invoke> =>
    invoke(cluster, verb, { pod, attachment, netns: pod.netns });
  assert.equal((await run("check")).status, 0);
  assert.equal((await run("del")).status, 0);
  assert.equal((await run("del")).status, 0);
  const names = [...(await readLinks(cluster.node(stock), pod.netns)).keys()].sort();
  assert.deepEqual(names, ["lo", pod.attachments[1]?.ifName, pod.attachments[1]?.tap].sort());
});

test("ADD hands on what the plugin before it answered, and names no interface of its own", async () => {
  const [pod] = await createLauncherPods(controlPlane, [vm("e-result")]);
  const [attachment] = pod?.attachments ?? [];
  assert.ok(pod !== undefined && attachment !== undefined);
  const netns = await cluster.node(stock).addPodNetns(pod.name);
  const { status, stdout } = await invoke(cluster, "add", { pod, attachment, netns });
  assert.equal(status, 0);
  assert.match(stdout, /"name": "eth0"/);
  assert.doesNotMatch(stdout, /tap0/);
});

test("pods that are no VMs pass untouched", async () => {
  const node = cluster.node(stock);
  const netns = await node.addPodNetns("web-server-1");
  const pod = { vm: vm("none"), vmiUid: "", name: "web-server-1", uid: "1", attachments: [] };
  const attachment = { network: "default", ifName: "eth0", tap: "tap0" };
  assert.equal((await invoke(cluster, "add", { pod, attachment, netns })).status, 0);
  assert.deepEqual([...(await readLinks(node, netns)).keys()].sort(), ["eth0", "lo"]);
});

test("after a change running VMs keep their queues and a new pod gets the new number", async () => {
  const before = await launch(vm("e-before", { node: withSysctl }));
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 2 } });
  await waitForSysctl(cluster, withSysctl, "2");
  for (const node of cluster.nodeNames) {
    await waitForProfile(cluster, node, "limit 2", ({ status }) => status.tuntap?.maxQueues === 2);
  }
  const [tap] = await sized(vm("e-after", { node: withSysctl }));
  assert.deepEqual([queuesOf(tap?.link), tap?.opened], [2, { opened: 2 }]);
  assert.equal(queuesOf((await readLinks(cluster.node(withSysctl), before.netns)).get("tap0")), 4);
});

test("enforcement Required refuses a VM that its node cannot hold to the limit", async () => {
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 2, enforcement: "Required" } });
  for (const node of cluster.nodeNames) {
    await waitForProfile(cluster, node, "Required", ({ spec }) => spec.tuntap?.enforcement === "Required");
  }
  const [pod] = await createLauncherPods(controlPlane, [vm("e-refused", { node: withSysctl, hasHook: false })]);
  assert.ok(pod !== undefined);
  await assert.rejects(startPodNetwork(cluster, pod), /enforcement is Required.*add the mqtap hook/s);
  const links = await readLinks(cluster.node(withSysctl), `/run/netns/${pod.name}`);
  assert.equal(links.has("tap0"), false);
});
