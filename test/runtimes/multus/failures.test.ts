// Multus when something is wrong: the text that a person reads in the pod's event, that nothing stays behind in the pod, and
// DELs that come when pod, agent or Multus' own cache are gone.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { failToAdd, linksOf, succeed } from "./calls.ts";
import { MultusCluster, type NetworkSelection, type Sandbox } from "./multus-cluster.ts";
import { podInterfaceOf, startLauncher, startOrdinaryPod, type TestVm } from "./pods.ts";

const multus = await MultusCluster.start();
after(() => multus[Symbol.asyncDispose]());

const companion = { type: "mqtap", sizing: "vm" };
await multus.createNetworks({
  "static-tap": { cniVersion: "1.1.0", type: "mqtap", queues: 4 },
  bridged: { cniVersion: "1.0.0", plugins: [{ type: "bridge", bridge: "br-blue" }, companion] },
  binding: { cniVersion: "1.1.0", type: "mqtap", sizing: "vm" },
  "vm-tap": { cniVersion: "1.0.0", type: "mqtap", sizing: "vm" },
  "too-many": { cniVersion: "1.1.0", type: "mqtap", queues: 1000 },
  "wrong-type": { cniVersion: "1.1.0", type: "mqtap", mtu: "large" },
  "no-bridge": { cniVersion: "1.1.0", type: "mqtap", bridge: "br0" },
  exhausted: {
    cniVersion: "1.1.0",
    type: "mqtap",
    ipam: { type: "host-local", subnet: "10.93.0.0/24", rangeStart: "10.93.0.10", rangeEnd: "10.93.0.10" },
  },
  ancient: { cniVersion: "0.2.0", type: "mqtap", queues: 4 },
});

interface Failure {
  /** A virtual machine's pod; an ordinary one without. */
  readonly vm?: Omit<TestVm, "name">;
  readonly network: NetworkSelection;
  readonly says: RegExp;
}

const failures: Readonly<Record<string, Failure>> = {
  "a value out of range": {
    network: { name: "too-many" },
    says: /^invalid "queues": 1000: use an integer from 1 to 256$/,
  },
  "a value of the wrong type": { network: { name: "wrong-type" }, says: /^invalid "mtu": "large": / },
  "a bridge that is not in the pod": { network: { name: "no-bridge" }, says: /"br0"/ },
  "a version that knows no interfaces": {
    network: { name: "ancient" },
    says: /of cniVersion 0\.2\.0: use 0\.3\.0 or later/,
  },
  "a mac that is none of a host": {
    network: { name: "static-tap", mac: "ff:ff:ff:ff:ff:ff" },
    says: /MAC=ff:ff:ff:ff:ff:ff /,
  },
  "a network for virtual machines in an ordinary pod": {
    network: { name: "vm-tap" },
    says: /^cannot .*pod "default\/[^"]+" is not controlled by a VirtualMachineInstance: use "sizing": "static"/,
  },
  "a binding that the agent does not know": {
    vm: { networks: ["blue"], binding: "passt-like" },
    network: { name: "binding", "cni-args": { logicNetworkName: "blue" } },
    says: /binding plugin "passt-like" of interface "blue".*--managed-tap-bindings/,
  },
  "a network that the virtual machine does not have": {
    vm: { networks: ["blue"] },
    network: { name: "bridged", interface: podInterfaceOf("green") },
    says: /has no interface for "pod[0-9a-f]{11}"; its interfaces: "default", "blue"/,
  },
};

let count = 0;

function startPod(vm: Failure["vm"], selections: readonly NetworkSelection[]): Promise<Sandbox> {
  const name = `failing-${count++}`;
  return vm === undefined
    ? startOrdinaryPod(multus, name, selections)
    : startLauncher(multus, { name, ...vm }, selections);
}

describe("a network that fails after another was attached", () => {
  for (const [what, { vm, network, says }] of Object.entries(failures)) {
    test(`${what}: the person reads why, and the pod is left empty`, async () => {
      const pod = await startPod(vm, [{ name: "static-tap", interface: "before0" }, network]);
      assert.match(await failToAdd(multus, pod), says);
      assert.deepEqual(await linksOf(multus, pod), []);
      for (let time = 0; time < 2; time++) await succeed(multus, "DEL", pod);
      assert.deepEqual(await multus.networkStatus(pod), []);
    });
  }
});

test("a network whose addresses are used up: the person reads why, and the pod's own address is free again", async () => {
  const pod = await startPod(undefined, [{ name: "exhausted" }, { name: "exhausted" }]);
  const says =
    /^cannot get addresses: IPAM plugin "host-local": .*no IP addresses available in range set: 10\.93\.0\.10/;
  assert.match(await failToAdd(multus, pod), says);
  assert.deepEqual(await linksOf(multus, pod), []);
  const { stdout } = await multus.node.run(["ls", "/var/lib/cni/networks/exhausted"]);
  assert.doesNotMatch(stdout, /^10\./m);
});

const twoTaps: readonly NetworkSelection[] = [{ name: "bridged", interface: podInterfaceOf("blue") }];

test("DEL after the pod object is gone", async () => {
  const pod = await startPod({ networks: ["blue"] }, twoTaps);
  await succeed(multus, "ADD", pod);
  assert.equal((await linksOf(multus, pod)).length, 4);
  await multus.cluster.controlPlane.kubectl(["delete", "pod", pod.name, "--grace-period=0", "--force"]);
  await succeed(multus, "DEL", pod);
  assert.deepEqual(await linksOf(multus, pod), []);
});

test("DEL after Multus' own cache is gone", async () => {
  const pod = await startPod({ networks: ["blue"] }, twoTaps);
  await succeed(multus, "ADD", pod);
  await multus.node.run(["rm", "-r", "/var/lib/cni/multus"]);
  await succeed(multus, "DEL", pod);
  assert.deepEqual(await linksOf(multus, pod), []);
});

test("DEL after the pod's namespace is gone", async () => {
  const pod = await startPod({ networks: ["blue"] }, twoTaps);
  await succeed(multus, "ADD", pod);
  await multus.node.deletePodNetns(pod.name);
  for (let time = 0; time < 2; time++) await succeed(multus, "DEL", { ...pod, netns: time === 0 ? pod.netns : "" });
});

test("without an agent ADD says what it waits for, and DEL succeeds", async () => {
  const made = await startPod({ networks: ["blue"] }, twoTaps);
  const late = await startPod({ networks: ["blue"] }, twoTaps);
  await succeed(multus, "ADD", made);
  await multus.stopAgent();
  assert.match(await failToAdd(multus, late), /agent/);
  assert.deepEqual(await linksOf(multus, late), []);
  await succeed(multus, "DEL", made);
  assert.deepEqual(await linksOf(multus, made), []);
});
