// The whole product as it is meant to be used: `kubectl apply -k` from built images on two whole nodes, a limit for each, and
// pods of VMs that kubelet and containerd start, with mqtap in the chain of the pods' network. The kernel has the last word.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { imageName, startInstalledBed } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import { findPodNetns, inspectNode, readCniCache, readPodLinks } from "../../deploy/local/bed/installed/pod-links.ts";
import { createVmPod, type VmPod, waitForQueues } from "../../deploy/local/bed/installed/vm-pod.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import type { VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { apply, givenAddresses, idlePod, inPod, podUids, waitReady } from "./pods.ts";

const layout = layoutOfCheckout();
const hookImage = imageName(layout, "mqtap-hook");
const limits = { node1: 4, node2: 2 } as const;

const virtualMachine = (name: string, node: string, more: Partial<VirtualMachine> = {}): VirtualMachine => ({
  ...{ name, node, cpu: { sockets: 2, cores: 4 }, networks: ["default"], hasHook: true },
  ...more,
});

describe("mqtap installed by kubectl apply -k", () => {
  let bed: Bed;
  before(async () => {
    bed = await startInstalledBed({ layout });
    await setNodeLimits(bed, limits);
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  const start = async (vm: VirtualMachine): Promise<VmPod> => {
    const pod = await createVmPod(bed, vm, { hookImage });
    await waitForQueues(bed, pod);
    return pod;
  };

  const remove = async (...pods: readonly VmPod[]): Promise<void> => {
    const names = pods.map(({ name }) => `pod/${name}`);
    await bed.kubectl(["delete", "--timeout=60s", ...names], { timeoutMs: 70_000 });
  };

  const netnsOf = async ({ vm, uid }: VmPod): Promise<string> => {
    const netns = await findPodNetns(bed.node(vm.node), uid);
    assert.ok(netns !== undefined, `the runtime knows no network namespace of "${vm.name}"`);
    return netns;
  };

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

  it("shows in kubectl get what is in force, and by what", async () => {
    const rows = (text: string): readonly (readonly string[])[] =>
      text
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/).slice(0, -1));
    assert.deepEqual(rows(await bed.kubectl(["get", "mqp"])), [
      ["NAME", "QUEUES", "ENFORCEDBY", "OVERLIMIT", "APPLIED"],
      ["node1", "4", "Sysctl", "0", "True"],
      ["node2", "2", "Advisory", "0", "True"],
    ]);
    assert.deepEqual(rows(await bed.kubectl(["get", "mqc"])), [
      ["NAME", "QUEUES", "MATCHED", "READY", "FAILED", "ENFORCED", "PROGRESS"],
      ["limit-node1", "4", "1", "1", "0", "1/1", "1/1"],
      ["limit-node2", "2", "1", "1", "0", "0/1", "1/1"],
    ]);
    assert.equal(readFileSync(bed.node("node1").tuntapSysctlFile, "utf8"), "4\n");
  });

  it("gives a VM's pod a tap for as many queues as its node allows, and the VM opens them", async () => {
    const pods = await Promise.all(Object.keys(limits).map((node) => start(virtualMachine(`on-${node}`, node))));
    for (const pod of pods) {
      const node = bed.node(pod.vm.node);
      const netns = await netnsOf(pod);
      const queues = limits[node.name === "node1" ? "node1" : "node2"];
      const links = await readPodLinks(node, netns);
      assert.deepEqual([...links.keys()].toSorted(), ["eth0", "lo", "tap0"]);
      const tap = links.get("tap0");
      assert.match(tap?.ifalias ?? "", new RegExp(`^mqtap/1 q=${queues} m=companion `));
      assert.deepEqual([tap?.qdisc, tap?.mtu, tap?.flags.includes("UP")], ["noqueue", links.get("eth0")?.mtu, true]);
      const { multi_queue, numqueues, numdisabled, persist, user, group } = tap?.linkinfo?.info_data ?? {};
      assert.deepEqual(
        { multi_queue, queues: (numqueues ?? 0) + (numdisabled ?? 0), persist, user, group },
        { multi_queue: true, queues, persist: true, user: 107, group: 107 },
      );
      const { taps, failures } = await inspectNode(node);
      assert.deepEqual(failures, []);
      const inspected = taps.map(({ netns, name, mark, attachedQueues }) => [
        netns,
        name,
        mark?.queues,
        attachedQueues,
      ]);
      assert.deepEqual(inspected, [[netns, "tap0", queues, queues]]);
    }
    await remove(...pods);
  });

  it("lets an ordinary pod pass the chain with nothing but its NIC, and reach others", async () => {
    await apply(bed, idlePod("web", "node1"), idlePod("client", "node2"));
    await waitReady(bed, "web", "client");
    assert.equal(await inPod(bed, "web", ["ls", "/sys/class/net"]), "eth0\nlo\n");
    await bed.kubectl(["delete", "pod", "web", "client"]);
  });

  it("leaves no tap, namespace, address or cache entry on the nodes when the pods are gone", async () => {
    const controllers = await podUids(bed, "mqtap-system");
    for (const node of bed.nodes) {
      let seen: readonly string[] = [];
      await waitUntil(
        `${node.name} to be empty`,
        async () => {
          const { taps } = await inspectNode(node);
          const attachments = (await readCniCache(node)).filter(({ podUid }) => !controllers.includes(podUid));
          const kept = new Set((await readCniCache(node)).map(({ netns }) => path.basename(netns)));
          const namespaces = (await node.run(["ls", "/run/netns"])).stdout.split("\n").filter(Boolean);
          const addresses = await givenAddresses(bed, node.name);
          seen = [
            ...taps.map(({ name }) => name),
            ...attachments.map(({ podUid }) => `an attachment of pod ${podUid}`),
            ...namespaces.filter((name) => !kept.has(name)),
            ...(addresses.length === kept.size ? [] : addresses),
          ];
          return seen.length === 0 ? true : undefined;
        },
        { seen: () => seen.join(", ") },
      );
    }
  });
});
