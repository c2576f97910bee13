// Taps that KubeVirt makes itself, in networks of which mqtap is no part: the agent hears of the pod through libcni's own cache,
// the plugin waits in the pod's namespace, and the tap gets alias and qdisc as soon as it is there.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { type CnitoolVerb, runCnitool } from "../../deploy/local/cnitool.ts";
import { readProcFile } from "../../deploy/local/setup/proc.mjs";
import { createLauncherPods, type LauncherPod, startPodNetwork } from "../../deploy/local/story/launch.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { type ReportedLink, readLinks } from "../../deploy/local/story/link-reader.ts";
import { chainedNetwork } from "../../deploy/local/story/networks.ts";
import { type ObservedEvent, readEvents } from "../../deploy/local/story/observe.ts";
import type { VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { applyConfig, quickDrift, startCluster, stock, waitForProfile } from "./operated-cluster.ts";

/** A network that somebody else owns: no mqtap in its chain. */
const foreign = { ...chainedNetwork("foreign", 50), plugins: chainedNetwork("foreign", 50).plugins.slice(0, 1) };
const cluster = await startCluster({ nodes: [{ name: stock, hasTuntapSysctl: false }], networks: [foreign] });
after(() => cluster[Symbol.asyncDispose]());
const { controlPlane } = cluster;
const node = cluster.node(stock);
const { distDir, binDir } = layoutOfCheckout();

await cluster.startController("controller-a");
const agentFlags = [quickDrift, `--plugin=${path.join(distDir, "mqtap")}`, "--inspect-interval=60s"];
let agent = await cluster.startAgent(stock, { flags: agentFlags });
await applyConfig(cluster, "dense", { tuntap: { maxQueues: 4 } });
await waitForProfile(cluster, stock, "limit 4", ({ status }) => status.tuntap?.maxQueues === 4);

type StartedPod = LauncherPod & { readonly netns: string };

async function create(name: string, more: Partial<VirtualMachine> = {}): Promise<StartedPod> {
  const vm: VirtualMachine = {
    ...{ name, node: stock, cpu: { sockets: 2, cores: 4 }, networks: ["default"], hasHook: true },
    ...more,
  };
  const [pod] = await createLauncherPods(controlPlane, [vm]);
  assert.ok(pod !== undefined);
  return { ...pod, netns: await node.addPodNetns(pod.name) };
}

/** What the runtime does: libcni with the foreign network, whose cache tells the agent. */
async function runtime(verb: CnitoolVerb, { netns, name, uid }: StartedPod): Promise<void> {
  const options = { node, binDir, pluginDirectories: [binDir], configDirectory: cluster.networksDirectory };
  await runCnitool(options, verb, {
    network: "foreign",
    netns,
    ifName: "eth0",
    pod: { namespace: "default", name, uid },
  });
}

/** What KubeVirt's phase 1 does in the pod. */
async function kubevirt({ netns }: StartedPod, tap: string, { isUp = true } = {}): Promise<void> {
  await ip(netns, `tuntap add ${tap} mode tap user 107 group 107 multi_queue`);
  if (isUp) await ip(netns, `link set ${tap} up`);
}

async function ip(netns: string, words: string): Promise<void> {
  await node.run(["nsenter", `--net=${netns}`, "ip", ...words.split(" ")]);
}

function waitForTap(pod: StartedPod, tap: string, alias: string): Promise<ReportedLink> {
  let last: ReportedLink | undefined;
  return waitUntil(
    `alias "${alias}" and noqueue on ${tap} of ${pod.name}`,
    async () => {
      last = (await readLinks(node, pod.netns)).get(tap);
      return last?.alias === alias && last.qdisc === "noqueue" ? last : undefined;
    },
    { seen: () => JSON.stringify(last) + cluster.logTails().join("\n") },
  );
}

const eventsOf = (name: string): Promise<readonly ObservedEvent[]> =>
  readEvents(controlPlane, { kind: "VirtualMachineInstance", name });

function waitForEvent(name: string, reason: string): Promise<ObservedEvent> {
  return waitUntil(
    `${reason} on "${name}"`,
    async () => (await eventsOf(name)).find((event) => event.reason === reason),
    { seen: () => cluster.logTails().join("\n") },
  );
}

/** Namespaces in which a child of the agent waits now. */
function waiting(): readonly string[] {
  const children = readdirSync(`/proc/${agent.pid}/task`).flatMap((task) =>
    readProcFile(agent.pid, `task/${task}/children`).split(" ").filter(Boolean),
  );
  return children.flatMap((pid) => {
    const words = readProcFile(pid, "cmdline").split("\0");
    return words.includes("adopt") ? (words[words.indexOf("--netns") + 1] ?? []) : [];
  });
}

function waitForWaiting({ netns }: StartedPod, isWaiting: boolean): Promise<true> {
  return waitUntil(
    `a plugin ${isWaiting ? "" : "no longer "}waiting in ${netns}`,
    () => (waiting().includes(netns) === isWaiting ? true : undefined),
    { seen: () => cluster.logTails().join("\n") },
  );
}

/** The agent's own record of one pod. */
function recordsOf({ name }: StartedPod): readonly Readonly<Record<string, unknown>>[] {
  const text = readFileSync(`/proc/${node.holderPid}/root/var/lib/mqtap/state.json`, "utf8");
  const { attachments } = JSON.parse(text) as { attachments: Record<string, Record<string, unknown>> };
  return Object.values(attachments).filter(({ pod }) => pod === `default/${name}`);
}

test("a tap that KubeVirt makes gets its alias and noqueue, and the owner is told", async () => {
  const pod = await create("a-capped");
  await runtime("add", pod);
  await waitForWaiting(pod, true);
  await kubevirt(pod, "tap0");
  const { tap, isUp } = await waitForTap(pod, "tap0", "mqtap/1 q=4 m=adopted");
  assert.deepEqual([tap?.isMultiQueue, tap?.owner, tap?.group, isUp], [true, 107, 107, true]);
  const { type, note } = await waitForEvent("a-capped", "QueuesPlanned");
  assert.equal(type, "Normal");
  assert.equal(
    note,
    '8 -> 4 on network "default": node limit 4 by NodeNetworkConfig/dense; KubeVirt makes the tap and mqtap adopts it',
  );
  const [record, ...others] = recordsOf(pod);
  assert.deepEqual([record?.["queues"], record?.["wanted"], record?.["isAdopted"], others], [4, 8, true, []]);
  assert.equal(record?.["netns"], pod.netns);
  await waitForWaiting(pod, false);
});

test("a tap that was there first is adopted too, each NIC's with its own number", async () => {
  const pod = await create("a-late", { networks: ["default", "blue"], hasHook: false });
  const [first, second] = pod.attachments;
  assert.ok(first !== undefined && second !== undefined);
  await kubevirt(pod, first.tap);
  await kubevirt(pod, second.tap);
  await runtime("add", pod);
  // Without the hook nothing lowers the queues, so the number is KubeVirt's own; the memory comes back all the same.
  await waitForTap(pod, first.tap, "mqtap/1 q=8 m=adopted");
  await waitForTap(pod, second.tap, "mqtap/1 q=8 m=adopted");
  assert.match((await waitForEvent("a-late", "QueuesPlanned")).note, /advisory: no hook.*adopts it/);
});

test("a tap with traffic shaping is left alone, and the owner reads why", async () => {
  const pod = await create("a-shaped");
  await kubevirt(pod, "tap0");
  await node.run(
    ["nsenter", `--net=${pod.netns}`, "tc"].concat(
      "qdisc add dev tap0 root tbf rate 1mbit burst 16k latency 50ms".split(" "),
    ),
  );
  await runtime("add", pod);
  const { type, note } = await waitForEvent("a-shaped", "TapNotAdopted");
  assert.equal(type, "Warning");
  assert.match(note, /qdisc tbf, which may shape its traffic; so the VM opens 8 queues instead of 4/);
  const link = (await readLinks(node, pod.netns)).get("tap0");
  assert.deepEqual([link?.alias, link?.qdisc], [undefined, "tbf"]);
  assert.equal(
    (await eventsOf("a-shaped")).some(({ reason }) => reason === "QueuesPlanned"),
    false,
  );
});

test("what the plugin made in its own chain is not adopted", async () => {
  const pod = await create("a-owned");
  await node.deletePodNetns(pod.name);
  const netns = await startPodNetwork(cluster, pod);
  const { note } = await waitForEvent("a-owned", "QueuesPlanned");
  assert.doesNotMatch(note, /adopt/);
  // An entry that comes later is worked on later.
  const next = await create("a-owned-next");
  await runtime("add", next);
  await waitForWaiting(next, true);
  assert.match((await readLinks(node, netns)).get("tap0")?.alias ?? "", /^mqtap\/1 q=4 m=companion /);
  assert.deepEqual(
    recordsOf(pod).map(({ isAdopted }) => isAdopted),
    [undefined],
  );
  await runtime("del", next);
  await waitForWaiting(next, false);
});

test("pods without multiqueue, and pods that are no launchers, are nothing to adopt", async () => {
  const off = await create("a-off", { isMultiqueue: false });
  await runtime("add", off);
  const next = await create("a-off-next");
  await runtime("add", next);
  await waitForWaiting(next, true);
  assert.equal(waiting().includes(off.netns), false);
  assert.deepEqual(recordsOf(off), []);
  await runtime("del", next);
  await waitForWaiting(next, false);
});

test("the wait is taken up again by the next agent, with the number that was decided", async () => {
  const pod = await create("a-restart");
  await runtime("add", pod);
  await waitForWaiting(pod, true);
  await agent.stop("SIGKILL", 10_000);
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 2 } });
  agent = await cluster.startAgent(stock, { flags: agentFlags });
  await waitForProfile(cluster, stock, "limit 2", ({ status }) => status.tuntap?.maxQueues === 2);
  await waitForWaiting(pod, true);
  await kubevirt(pod, "tap0");
  await waitForTap(pod, "tap0", "mqtap/1 q=4 m=adopted");
});

test("the tap of a VM that runs already is touched only where that is asked for, and gets noqueue alone", async () => {
  await agent.stop("SIGTERM", 10_000);
  const pod = await create("a-running");
  await kubevirt(pod, "tap0");
  await runtime("add", pod);
  const interfaces = [{ name: "default", infoSource: "domain, guest-agent", queueCount: 8 }];
  const running = JSON.stringify({ status: { phase: "Running", nodeName: stock, interfaces } });
  await controlPlane.kubectl(["patch", "vmi", "a-running", "--type=merge", "-p", running]);
  await controlPlane.kubectl([
    ...["patch", "pod", pod.name, "--subresource=status", "--type=merge", "-p"],
    JSON.stringify({ status: { phase: "Running" } }),
  ]);
  agent = await cluster.startAgent(stock, { flags: agentFlags });
  const next = await create("a-running-next");
  await runtime("add", next);
  await waitForWaiting(next, true);
  assert.equal((await readLinks(node, pod.netns)).get("tap0")?.qdisc, "mq");
  await agent.stop("SIGTERM", 10_000);
  agent = await cluster.startAgent(stock, { flags: [...agentFlags, "--adopt-running"] });
  await waitUntil("noqueue on the running VM's tap", async () =>
    (await readLinks(node, pod.netns)).get("tap0")?.qdisc === "noqueue" ? true : undefined,
  );
  assert.equal((await readLinks(node, pod.netns)).get("tap0")?.alias, undefined);
  assert.deepEqual(await eventsOf("a-running"), []);
  assert.deepEqual(recordsOf(pod), []);
});
