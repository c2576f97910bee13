// Multus with networks of every mode of mqtap: what the pod gets, what Multus writes into its status, and that DEL leaves nothing.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { linksOf, succeed, tapsOf } from "./calls.ts";
import { MultusCluster, type Sandbox } from "./multus-cluster.ts";
import { podInterfaceOf, startLauncher, startOrdinaryPod, tapOf } from "./pods.ts";

const multus = await MultusCluster.start();
after(() => multus[Symbol.asyncDispose]());

const companion = { type: "mqtap", sizing: "vm" };
const bridge = { type: "bridge", mtu: 1400 };
const recorder = { cniVersion: "1.1.0", type: "recorder", queues: 2 };
await multus.createNetworks({
  "static-tap": { cniVersion: "1.1.0", type: "mqtap", queues: 4, mtu: 1450, capabilities: { mac: true } },
  "vm-tap": { cniVersion: "1.0.0", plugins: [{ type: "mqtap", sizing: "vm" }] },
  bridged: { cniVersion: "1.0.0", plugins: [{ ...bridge, bridge: "br-blue" }, companion] },
  "old-bridged": { cniVersion: "0.3.1", plugins: [{ ...bridge, bridge: "br-old" }, companion] },
  uplink: { cniVersion: "1.1.0", plugins: [{ ...bridge, bridge: "br-red" }] },
  binding: { cniVersion: "1.1.0", type: "mqtap", sizing: "vm" },
  addressed: { cniVersion: "1.1.0", type: "mqtap", queues: 2, ipam: { type: "host-local", subnet: "10.91.0.0/24" } },
  requested: { cniVersion: "1.0.0", type: "mqtap", queues: 2, capabilities: { ips: true }, ipam: { type: "static" } },
  "first-recorded": recorder,
  "second-recorded": recorder,
});

/** After DEL, and after DEL again. */
async function assertGone(sandbox: Sandbox): Promise<void> {
  for (let time = 0; time < 2; time++) await succeed(multus, "DEL", sandbox);
  assert.deepEqual(await linksOf(multus, sandbox), []);
}

test("STATUS asks the default network's chain", async () => {
  const pod = await startOrdinaryPod(multus, "status");
  assert.equal(await succeed(multus, "STATUS", pod), "");
});

test("an ordinary pod passes the default network's chain untouched", async () => {
  const pod = await startOrdinaryPod(multus, "web");
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await linksOf(multus, pod), ["eth0"]);
  assert.equal(await succeed(multus, "CHECK", pod), "");
  assert.deepEqual(await multus.networkStatus(pod), []);
  await assertGone(pod);
});

test("an ordinary pod passes a secondary network's chain untouched", async () => {
  const pod = await startOrdinaryPod(multus, "web-bridged", [{ name: "bridged" }]);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await linksOf(multus, pod), ["eth0", "net1"]);
  await assertGone(pod);
});

test("a main tap with static sizing, for any pod, with the mac of the annotation", async () => {
  const mac = "02:00:00:00:00:11";
  const pod = await startOrdinaryPod(multus, "router", [{ name: "static-tap", mac }, { name: "static-tap" }]);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await tapsOf(multus, pod), { net1: "main 4, mtu 1450", net2: "main 4, mtu 1450" });
  const [first, second] = await multus.networkStatus(pod);
  assert.deepEqual(first, { name: "default/static-tap", interface: "net1", mac, mtu: 1450 });
  assert.deepEqual([second?.interface, second?.mac === mac], ["net2", false]);
  await assertGone(pod);
});

test("a main tap sized by the agent, with the mac of the annotation", async () => {
  const [ifName, mac] = [podInterfaceOf("blue"), "02:00:00:00:00:12"];
  const selections = [{ name: "vm-tap", interface: ifName, mac }];
  const pod = await startLauncher(multus, { name: "main", networks: ["blue"] }, selections);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await tapsOf(multus, pod), { tap0: "companion 4, mtu 1500", [ifName]: "main 4, mtu 1500" });
  assert.deepEqual(await multus.networkStatus(pod), [{ name: "default/vm-tap", interface: ifName, mac }]);
  await assertGone(pod);
});

test("main taps with addresses: of a range, and as the annotation asks", async () => {
  const pod = await startOrdinaryPod(multus, "addressed", [
    { name: "addressed" },
    { name: "requested", ips: ["10.92.0.7/24"] },
  ]);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(
    (await multus.networkStatus(pod)).map(({ interface: ifName, ips }) => [ifName, ips]),
    [
      ["net1", ["10.91.0.2"]],
      ["net2", ["10.92.0.7"]],
    ],
  );
  const { stdout } = await multus.node.run(["ip", "-n", pod.name, "-o", "-4", "address", "show", "dev", "net2"]);
  assert.match(stdout, /inet 10\.92\.0\.7\/24 /);
  await assertGone(pod);
});

test("companions behind a bridge, in two networks of one pod beside the default network", async () => {
  const [blue, red] = [podInterfaceOf("blue"), podInterfaceOf("red")];
  const mac = "02:00:00:00:00:13";
  const pod = await startLauncher(multus, { name: "companions", networks: ["blue", "red"] }, [
    { name: "bridged", interface: blue, mac },
    { name: "old-bridged", interface: red },
  ]);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await tapsOf(multus, pod), {
    tap0: "companion 4, mtu 1500",
    [tapOf(blue)]: "companion 4, mtu 1400",
    [tapOf(red)]: "companion 4, mtu 1400",
  });
  const status = await multus.networkStatus(pod);
  assert.deepEqual(
    status.map(({ name, interface: ifName }) => [name, ifName]),
    [
      ["default/bridged", blue],
      ["default/old-bridged", red],
    ],
  );
  assert.equal((await multus.links(pod)).find(({ ifname }) => ifname === blue)?.address, mac);
  assert.equal(await succeed(multus, "CHECK", pod), "");
  await assertGone(pod);
});

test("a companion beside an interface that Multus numbers, as old launchers have them", async () => {
  const pod = await startLauncher(multus, { name: "ordinal", networks: ["blue"] }, [{ name: "bridged" }]);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await tapsOf(multus, pod), { tap0: "companion 4, mtu 1500", tap1: "companion 4, mtu 1400" });
  await assertGone(pod);
});

test("a network binding: the tap of the named network, no interface of its own, and no word of it in the status", async () => {
  const ifName = podInterfaceOf("red");
  const pod = await startLauncher(multus, { name: "bound", networks: ["red"], binding: "mqtap" }, [
    { name: "uplink", interface: ifName },
    { name: "binding", "cni-args": { logicNetworkName: "red" } },
  ]);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await tapsOf(multus, pod), {
    tap0: "companion 4, mtu 1500",
    [tapOf(ifName)]: "binding 4, mtu 1400",
  });
  assert.deepEqual(await linksOf(multus, pod), ["eth0", ifName, "tap0", tapOf(ifName)].toSorted());
  const status = await multus.networkStatus(pod);
  assert.deepEqual(
    status.map(({ name, interface: reported }) => [name, reported]),
    [["default/uplink", ifName]],
  );
  await assertGone(pod);
});

test("what Multus really hands to a plugin: CNI_PATH and most arguments twice, ADD in order, DEL in reverse", async () => {
  const log = path.join(multus.cluster.directory, "recorded");
  const script = [
    "#!/bin/sh",
    `printf '%s %s %s %s\\n' "$CNI_COMMAND" "$CNI_IFNAME" "$CNI_PATH" "$CNI_ARGS" >>'${log}'`,
    `exec '${multus.pluginDirectory}/mqtap'`,
  ];
  writeFileSync(path.join(multus.pluginDirectory, "recorder"), `${script.join("\n")}\n`, { mode: 0o755 });
  const pod = await startOrdinaryPod(multus, "recorded", [{ name: "first-recorded" }, { name: "second-recorded" }]);
  await succeed(multus, "ADD", pod);
  await succeed(multus, "DEL", pod);
  const calls = readFileSync(log, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" "));
  assert.deepEqual(
    calls.map(([verb, ifName]) => `${verb} ${ifName}`),
    ["ADD net1", "ADD net2", "DEL net2", "DEL net1"],
  );
  for (const [, , cniPath, cniArgs = ""] of calls) {
    assert.equal(cniPath, `${multus.pluginDirectory}:${multus.pluginDirectory}`);
    assert.equal(cniArgs.split(";").filter((pair) => pair === `K8S_POD_UID=${pod.uid}`).length, 2);
  }
  assert.deepEqual(await linksOf(multus, pod), []);
});
