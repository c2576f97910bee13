// VMs on the networks of deploy/kubevirt, through Multus as kubelet and containerd call it: companions in chains, the network
// binding, and taps that are interfaces themselves.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startInstalledBed } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import { findPodNetns, readPodLinks } from "../../deploy/local/bed/installed/pod-links.ts";
import { networkManifest } from "../../deploy/local/multus.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { podInterface, tapOf } from "../../deploy/local/story/networks.ts";
import { withBinding } from "../runtimes/multus/pods.ts";
import { waitUntilEmpty } from "./node-leftovers.ts";
import { apply, idlePod, inPod, podUids, readPod, waitReady } from "./pods.ts";
import { describeTap, linksOf, removePods, startVm, virtualMachine } from "./vm-pods.ts";

const layout = layoutOfCheckout();
const namespace = "vms";
const nicOf = (network: string): string => podInterface(network, 1);
const statusSchema = z.array(z.object({ name: z.string(), interface: z.string().optional() }));

describe("VMs on the networks of deploy/kubevirt", () => {
  let bed: Bed;
  before(async () => {
    bed = await startInstalledBed({ layout });
    await setNodeLimits(bed, { node1: 4, node2: 2 });
    await bed.kubectl(["apply", "-k", path.join(layout.root, "deploy/kubevirt/networks")]);
    // a network that is the VM's tap and nothing else
    await apply(bed, networkManifest("direct", { cniVersion: "1.0.0", name: "direct", type: "mqtap", sizing: "vm" }));
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  it("have a companion on each NIC: in the default chain, in a network's chain, by the binding", async () => {
    const networks = ["default", "blue", "red"];
    const pod = await startVm(bed, virtualMachine("three", "node1", { networks, namespace }), {
      changeVmi: (vmi) => withBinding(vmi, "mqtap"),
      // as virt-controller writes it: in the order of the VM's networks, the binding's own after its network
      networks: [
        { name: "blue", namespace, interface: nicOf("blue") },
        { name: "red", namespace, interface: nicOf("red") },
        { name: "mqtap-binding", namespace: "default", "cni-args": { logicNetworkName: "red" } },
      ],
    });
    const links = await linksOf(bed, pod);
    const nics = ["blue", "red"].map(nicOf);
    // no net1 of the binding
    assert.deepEqual([...links.keys()].toSorted(), ["eth0", "lo", "tap0", ...nics, ...nics.map(tapOf)].toSorted());
    const described = pod.taps.map((tap) => describeTap(links.get(tap)));
    assert.deepEqual(described, [
      "companion for 4, 4 open, 107:107, noqueue, up",
      "companion for 4, 4 open, 107:107, noqueue, up",
      "binding for 4, 4 open, 107:107, noqueue, up",
    ]);
    const text = await bed.kubectl(["get", "pod", pod.name, "--namespace", namespace, "-o", "json"]);
    const { annotations } = z
      .object({ metadata: z.object({ annotations: z.record(z.string(), z.string()) }) })
      .parse(JSON.parse(text)).metadata;
    const status = statusSchema.parse(JSON.parse(annotations["k8s.v1.cni.cncf.io/network-status"] ?? "[]"));
    assert.equal(
      status.some(({ interface: name }) => /^net\d+$/.test(name ?? "")),
      false,
      JSON.stringify(status),
    );
    await removePods(bed, pod);
  });

  it("have the tap as the interface itself where the network is mqtap alone", async () => {
    const interfaceName = nicOf("direct");
    const pod = await startVm(bed, virtualMachine("direct", "node2", { networks: ["default", "direct"] }), {
      networks: [{ name: "direct", interface: interfaceName }],
      taps: ["tap0", interfaceName],
    });
    const links = await linksOf(bed, pod);
    assert.deepEqual([...links.keys()].toSorted(), ["eth0", "lo", interfaceName, "tap0"].toSorted());
    assert.equal(describeTap(links.get(interfaceName)), "main for 2, 2 open, 107:107, noqueue, up");
    await removePods(bed, pod);
  });

  it("stand beside pods of other kinds: a tap of fixed size, and a chain that is passed", async () => {
    await apply(
      bed,
      idlePod("vmm", "node1", [{ name: "static-tap", namespace }]),
      idlePod("web", "node2", [{ name: "blue", namespace }]),
    );
    await waitReady(bed, "vmm", "web");
    const [uid] = await podUids(bed, "default", "vmm");
    const node = bed.node("node1");
    const links = await readPodLinks(node, (await findPodNetns(node, uid ?? "")) ?? "");
    assert.equal(describeTap(links.get("net1")), "main for 4, 0 open, 107:107, noqueue, up");
    assert.equal(await inPod(bed, "web", ["ls", "/sys/class/net"]), "eth0\nlo\nnet1\n");
    assert.match((await readPod(bed, "vmm")).metadata.annotations["k8s.v1.cni.cncf.io/network-status"] ?? "", /net1/);
    await bed.kubectl(["delete", "pod", "vmm", "web"]);
  });

  it("leave nothing on the nodes when they are gone", async () => {
    await waitUntilEmpty(bed);
  });
});
