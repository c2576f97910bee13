// The whole product as it is meant to be used: `kubectl apply -k` from built images on two whole nodes, a limit for each, and
// pods of VMs that kubelet and containerd start, with mqtap in the chain of the pods' network. The kernel has the last word.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startInstalledBed } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import { inspectNode } from "../../deploy/local/bed/installed/pod-links.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntilEmpty } from "./node-leftovers.ts";
import { apply, idlePod, inPod, waitReady } from "./pods.ts";
import {
  describeTap,
  eventsOfVm,
  linksOf,
  netnsOf,
  removePods,
  startVm,
  virtualMachine,
  waitForVmEvent,
} from "./vm-pods.ts";

const layout = layoutOfCheckout();

describe("mqtap installed by kubectl apply -k", () => {
  let bed: Bed;
  before(async () => {
    bed = await startInstalledBed({ layout });
    await setNodeLimits(bed, { node1: 4, node2: 2 });
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  it("puts the built plugin and the policy on every node", async () => {
    const built = createHash("sha256")
      .update(readFileSync(path.join(layout.distDir, "mqtap")))
      .digest("hex");
    for (const node of bed.nodes) {
      const { stdout } = await node.run(["sha256sum", "/opt/cni/bin/mqtap"]);
      assert.equal(stdout, `${built}  /opt/cni/bin/mqtap\n`);
      const policy = JSON.parse((await node.run(["cat", "/etc/cni/mqtap/policy.json"])).stdout);
      assert.deepEqual(policy, { owners: [107], groups: [107], ipam: ["host-local", "static"] });
    }
  });

  it("runs its two controllers on two nodes, and one agent on each", async () => {
    for (const component of ["controller", "agent"]) {
      const argv = ["get", "pods", "-n=mqtap-system", `-l=app.kubernetes.io/component=${component}`];
      const nodes = await bed.kubectl([...argv, "-o=jsonpath={.items[*].spec.nodeName}"]);
      assert.deepEqual(nodes.split(" ").toSorted(), ["node1", "node2"], component);
    }
  });

  it("shows in kubectl get what is in force, and by what", async () => {
    const rows = async (kind: string): Promise<readonly (readonly string[])[]> => {
      const text = await bed.kubectl(["get", kind]);
      // the last column is the age
      return text
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/).slice(0, -1));
    };
    assert.deepEqual(await rows("mqp"), [
      ["NAME", "QUEUES", "ENFORCEDBY", "OVERLIMIT", "APPLIED"],
      ["node1", "4", "Sysctl", "0", "True"],
      ["node2", "2", "Advisory", "0", "True"],
    ]);
    assert.deepEqual(await rows("mqc"), [
      ["NAME", "QUEUES", "MATCHED", "READY", "FAILED", "ENFORCED", "PROGRESS"],
      ["limit-node1", "4", "1", "1", "0", "1/1", "1/1"],
      ["limit-node2", "2", "1", "1", "0", "0/1", "1/1"],
    ]);
    assert.equal(readFileSync(bed.node("node1").tuntapSysctlFile, "utf8"), "4\n");
  });

  it("gives a VM's pod a tap for as many queues as its node allows, and the VM opens them", async () => {
    const pods = await Promise.all([
      startVm(bed, virtualMachine("on-node1", "node1")),
      startVm(bed, virtualMachine("on-node2", "node2")),
      startVm(bed, virtualMachine("single", "node2", { cpu: { cores: 1 } })),
    ]);
    const wanted = [
      "companion for 4, 4 open, 107:107, noqueue, up",
      "companion for 2, 2 open, 107:107, noqueue, up",
      "companion for 1, single, 107:107, noqueue, up",
    ];
    for (const [index, pod] of pods.entries()) {
      const links = await linksOf(bed, pod);
      assert.deepEqual([...links.keys()].toSorted(), ["eth0", "lo", "tap0"]);
      assert.equal(describeTap(links.get("tap0")), wanted[index]);
      assert.equal(links.get("tap0")?.mtu, links.get("eth0")?.mtu);
    }
    await removePods(bed, ...pods);
  });

  it("finds the taps by mqtap inspect on the node as the kernel has them", async () => {
    const pod = await startVm(bed, virtualMachine("inspected", "node1"));
    const { taps, failures } = await inspectNode(bed.node("node1"));
    assert.deepEqual(failures, []);
    assert.deepEqual(
      taps.map(({ netns, name, mark, attachedQueues }) => [path.basename(netns), name, mark?.queues, attachedQueues]),
      [[path.basename(await netnsOf(bed, pod)), "tap0", 4, 4]],
    );
    await removePods(bed, pod);
  });

  it("tells the VM's owner what was planned, and once the VM runs that it holds", async () => {
    const pod = await startVm(bed, virtualMachine("told", "node1"));
    const planned = '8 -> 4 on network "default": node limit 4 by NodeNetworkConfig/limit-node1';
    assert.equal(await waitForVmEvent(bed, pod, "QueuesPlanned"), planned);
    assert.equal(await waitForVmEvent(bed, pod, "QueuesCapped"), `${planned}; the VM runs with 4`);
    const events = (await eventsOfVm(bed, pod)).map(({ type, reason }) => `${type} ${reason}`);
    assert.deepEqual(events.toSorted(), ["Normal QueuesCapped", "Normal QueuesPlanned"]);
    await removePods(bed, pod);
  });

  it("leaves a VM without the hook what KubeVirt opens, and says that the limit is advice", async () => {
    const pod = await startVm(bed, virtualMachine("unhooked", "node2", { hasHook: false }));
    assert.equal(describeTap((await linksOf(bed, pod)).get("tap0")), "companion for 8, 8 open, 107:107, noqueue, up");
    assert.match(await waitForVmEvent(bed, pod, "QueuesPlanned"), /advisory: no hook/);
    await removePods(bed, pod);
  });

  it("has the hook's container serve its socket to the launcher", async () => {
    const pod = await startVm(bed, virtualMachine("hooked", "node2"));
    const socket = await bed.kubectl([
      ...["exec", pod.name, "--container=compute", "--"],
      ...["sh", "-c", "ls /var/run/kubevirt-hooks/hook-sidecar-0"],
    ]);
    assert.match(socket, /\S+\.sock/);
    await removePods(bed, pod);
  });

  it("lets an ordinary pod pass the chain with nothing but its NIC, and reach others", async () => {
    await apply(bed, idlePod("web", "node1"), idlePod("client", "node2"));
    await waitReady(bed, "web", "client");
    assert.equal(await inPod(bed, "web", ["ls", "/sys/class/net"]), "eth0\nlo\n");
    await bed.kubectl(["delete", "pod", "web", "client"]);
  });

  it("leaves no tap, namespace, address or cache entry on the nodes when the pods are gone", async () => {
    await waitUntilEmpty(bed);
  });
});
