// What restarts on a node and in the cluster, one after the other: runtime, agent, the whole node, controllers, kubelet's
// registration. VMs that run keep their taps, limits stay in force, and the next VM's pod comes up.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startInstalledBed, waitUntilInstalled } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import type { PodLink } from "../../deploy/local/bed/installed/pod-links.ts";
import { type VmPod, waitForQueues } from "../../deploy/local/bed/installed/vm-pod.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { readProfile } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { type AgentState, type Attachment, parseState } from "../../operator/agent/state.ts";
import { agentOn, type MqtapPod, mqtapPods } from "./mqtap-pods.ts";
import { waitUntilEmpty } from "./node-leftovers.ts";
import { createVm, describeTap, linksOf, removePods, startVm, virtualMachine } from "./vm-pods.ts";

const sysctl = "net/tuntap/max_queues";
const fourQueues = "companion for 4, 4 open, 107:107, noqueue, up";

describe("what restarts", () => {
  let bed: Bed;
  before(async () => {
    bed = await startInstalledBed({ layout: layoutOfCheckout() });
    await setNodeLimits(bed, { node1: 4, node2: 2 });
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  const tapOf = async (pod: VmPod): Promise<PodLink | undefined> => (await linksOf(bed, pod)).get("tap0");
  const stateOf = (node: string): AgentState =>
    parseState(readFileSync(bed.node(node).onDisk("/var/lib/mqtap/state.json"), "utf8"));
  const plannedFor = ({ vm, uid }: VmPod): Attachment | undefined =>
    Object.values(stateOf(vm.node).attachments).find(({ podUid }) => podUid === uid);
  const assertLimitOnNode1 = (maxQueues: number): void => {
    assert.equal(readFileSync(bed.node("node1").tuntapSysctlFile, "utf8"), `${maxQueues}\n`);
    const nodeFile = JSON.parse(readFileSync(bed.node("node1").onDisk("/var/lib/mqtap/node.json"), "utf8"));
    assert.equal(nodeFile.maxQueues, maxQueues);
  };
  const assertNextVmComesUp = async (name: string): Promise<void> => {
    const pod = await startVm(bed, virtualMachine(name, "node1"));
    assert.equal(describeTap(await tapOf(pod)), fourQueues);
    await removePods(bed, pod);
  };

  it("containerd: a VM keeps its tap and its queues, and the next VM's pod comes up", async () => {
    const pod = await startVm(bed, virtualMachine("over-containerd", "node1"));
    const tap = await tapOf(pod);
    await bed.node("node1").stopDaemon("containerd");
    await bed.node("node1").startDaemon("containerd");
    await assertNextVmComesUp("after-containerd");
    assert.equal(describeTap(tap), fourQueues);
    assert.deepEqual(await tapOf(pod), tap);
    await removePods(bed, pod);
  });

  const endAgent: Readonly<Record<string, (agent: MqtapPod) => Promise<unknown>>> = {
    killed: ({ containerId }) => bed.node("node1").ctr(["tasks", "kill", "--signal=SIGKILL", containerId]),
    deleted: ({ name }) => bed.kubectl(["delete", "pod", "--namespace=mqtap-system", name]),
  };
  for (const [how, end] of Object.entries(endAgent)) {
    it(`an agent whose pod is ${how}: its limit stays in force, what it planned is kept, and the next VM's pod comes up`, async () => {
      const pod = await startVm(bed, virtualMachine(`over-${how}`, "node1"));
      const tap = await tapOf(pod);
      const { keys } = stateOf("node1");
      const why = plannedFor(pod)?.why;
      const agent = await agentOn(bed, "node1");
      await end(agent);
      assertLimitOnNode1(4);
      const isAnother = ({ containerId, isReady }: MqtapPod): boolean => isReady && containerId !== agent.containerId;
      await waitUntil(
        "another agent",
        async () => (await mqtapPods(bed, "agent")).find((other) => other.node === "node1" && isAnother(other)),
        { timeoutMs: 60_000, intervalMs: 200 },
      );
      assertLimitOnNode1(4);
      await assertNextVmComesUp(`after-${how}`);
      assert.deepEqual(await tapOf(pod), tap);
      const kept = plannedFor(pod);
      assert.deepEqual([kept?.queues, kept?.why, stateOf("node1").keys], [4, why, keys]);
      await removePods(bed, pod);
    });
  }

  it("a node: its limit is in force before the first VM's pod gets its tap, and originals are those of the new boot", async () => {
    const node = bed.node("node1");
    const running = await startVm(bed, virtualMachine("over-reboot", "node1"));
    const first = { bootId: node.bootId, saved: stateOf("node1").keys[sysctl] };
    assert.deepEqual([first.saved?.bootId, first.saved?.original], [first.bootId, "256"]);
    await node.powerOff();
    // the API server has not noticed: the pod is the node's already when it boots
    const pod = await createVm(bed, virtualMachine("first-after-boot", "node1"));
    const bootedAtMs = Date.now();
    await node.boot({ maxQueues: 128 });
    await waitForQueues(bed, pod);
    assert.equal(describeTap(await tapOf(pod)), fourQueues);

    assertLimitOnNode1(4);
    const state = stateOf("node1");
    const planned = plannedFor(pod);
    assert.ok(planned !== undefined);
    const limitedAtMs = statSync(node.tuntapSysctlFile).mtimeMs;
    const plannedAtMs = Date.parse(planned.at);
    assert.ok(bootedAtMs <= limitedAtMs && limitedAtMs <= plannedAtMs, `${bootedAtMs} ${limitedAtMs} ${plannedAtMs}`);
    const keptSinceMs = statSync(node.onDisk("/var/lib/mqtap/node.json")).mtimeMs;
    assert.ok(keptSinceMs < bootedAtMs, `${keptSinceMs} ${bootedAtMs}`);

    const { bootId, original } = state.keys[sysctl] ?? {};
    assert.notEqual(node.bootId, first.bootId);
    assert.deepEqual([state.bootId, bootId, original], [node.bootId, node.bootId, "128"]);
    await waitUntil("the profile to name the new boot", async () =>
      (await readProfile(bed.controlPlane, "node1"))?.status.bootID === node.bootId ? true : undefined,
    );
    await bed.waitUntilReady();
    await waitUntilInstalled(bed);
    await removePods(bed, pod, running);
    await waitUntilEmpty(bed);
  });

  const leader = async (): Promise<MqtapPod> => {
    const lease = ["get", "lease", "mqtap-controller", "--namespace=mqtap-system"];
    const holder = await bed.kubectl([...lease, "--output=jsonpath={.spec.holderIdentity}"]);
    const found = (await mqtapPods(bed, "controller")).find(({ name }) => name === holder);
    assert.ok(found !== undefined, `no pod is the leader "${holder}"`);
    return found;
  };

  it("a leader whose pod is deleted: the other one rolls out what changes", async () => {
    const { name } = await leader();
    await bed.kubectl(["delete", "pod", "--namespace=mqtap-system", "--wait=false", name]);
    await setNodeLimits(bed, { node1: 6, node2: 3 });
    assert.notEqual((await leader()).name, name);
    await setNodeLimits(bed, { node1: 4, node2: 2 });
    await waitUntilInstalled(bed);
  });

  it("a leader that is killed and does not come back: the other one takes its lease when it has run out, and rolls out", async () => {
    const { name, node, containerId } = await leader();
    await bed.node(node).stopDaemon("kubelet");
    await bed.node(node).ctr(["tasks", "kill", "--signal=SIGKILL", containerId]);
    await setNodeLimits(bed, { node1: 6, node2: 3 });
    assert.notEqual((await leader()).name, name);
    await bed.node(node).startDaemon("kubelet");
    await setNodeLimits(bed, { node1: 4, node2: 2 });
    await waitUntilInstalled(bed);
  });

  it("a node's registration: its profile goes with it and comes back with it, and its limit stays in force meanwhile", async () => {
    const readUid = async (): Promise<string | undefined> =>
      (await readProfile(bed.controlPlane, "node1"))?.metadata.uid;
    const uid = await readUid();
    const pod = await startVm(bed, virtualMachine("over-registration", "node1"));
    const tap = await tapOf(pod);
    await bed.node("node1").stopDaemon("kubelet");
    await bed.kubectl(["delete", "node", "node1"]);
    await waitUntil("the profile to go", async () => ((await readUid()) === undefined ? true : undefined), {
      timeoutMs: 60_000,
    });
    assertLimitOnNode1(4);
    await bed.node("node1").startDaemon("kubelet");
    await waitUntil("another profile", async () => {
      const other = await readUid();
      return other !== undefined && other !== uid ? true : undefined;
    });
    await bed.waitUntilReady();
    await waitUntilInstalled(bed);
    await setNodeLimits(bed, { node1: 4, node2: 2 });
    assertLimitOnNode1(4);
    await assertNextVmComesUp("after-registration");
    assert.deepEqual(await tapOf(pod), tap);
    await removePods(bed, pod);
  });
});
