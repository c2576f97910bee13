// The networks of deploy/kubevirt with Multus itself, on a node with the real agent: the pods get the taps that the comments
// promise. The objects lie in namespace "default" here, with the configurations of the files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { linksOf, succeed, tapsOf } from "../runtimes/multus/calls.ts";
import { MultusCluster } from "../runtimes/multus/multus-cluster.ts";
import { podInterfaceOf, startLauncher, startOrdinaryPod, tapOf } from "../runtimes/multus/pods.ts";

const folder = path.join(import.meta.dirname, "../../deploy/kubevirt");
const networkSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ config: z.string() }),
});

/** Name and configuration of the network in a file. */
function networkOf(file: string): readonly [string, Readonly<Record<string, unknown>>] {
  const { metadata, spec } = networkSchema.parse(parse(readFileSync(path.join(folder, file), "utf8")));
  return [metadata.name, z.record(z.string(), z.unknown()).parse(JSON.parse(spec.config))];
}

const files = ["networks/blue", "networks/red", "binding-network/binding-network", "networks/static-tap"];
const networks = Object.fromEntries(files.map((file) => networkOf(`${file}.yaml`)));
const multus = await MultusCluster.start();
after(() => multus[Symbol.asyncDispose]());
await multus.createNetworks(networks);

test("blue: a companion beside the pod's NIC", async () => {
  const ifName = podInterfaceOf("blue");
  const vm = { name: "bridge", networks: ["blue"] };
  const pod = await startLauncher(multus, vm, [{ name: "blue", interface: ifName }]);
  await succeed(multus, "ADD", pod);
  assert.equal((await tapsOf(multus, pod))[tapOf(ifName)], "companion 4, mtu 1500");
  await succeed(multus, "DEL", pod);
  assert.deepEqual(await linksOf(multus, pod), []);
});

test("red with the binding: one tap, and no interface of the binding's", async () => {
  const ifName = podInterfaceOf("red");
  const pod = await startLauncher(multus, { name: "managed-tap", networks: ["red"], binding: "mqtap" }, [
    { name: "red", interface: ifName },
    { name: "mqtap-binding", "cni-args": { logicNetworkName: "red" } },
  ]);
  await succeed(multus, "ADD", pod);
  assert.equal((await tapsOf(multus, pod))[tapOf(ifName)], "binding 4, mtu 1500");
  assert.deepEqual(await linksOf(multus, pod), ["eth0", ifName, "tap0", tapOf(ifName)].toSorted());
  await succeed(multus, "DEL", pod);
  assert.deepEqual(await linksOf(multus, pod), []);
});

test("static-tap: a tap with four queues as the interface of an ordinary pod", async () => {
  const pod = await startOrdinaryPod(multus, "static", [{ name: "static-tap" }]);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await tapsOf(multus, pod), { net1: "main 4, mtu 1500" });
  await succeed(multus, "DEL", pod);
  assert.deepEqual(await linksOf(multus, pod), []);
});

test("blue lets an ordinary pod pass without a tap", async () => {
  const pod = await startOrdinaryPod(multus, "web", [{ name: "blue" }]);
  await succeed(multus, "ADD", pod);
  assert.deepEqual(await tapsOf(multus, pod), {});
  await succeed(multus, "DEL", pod);
});
