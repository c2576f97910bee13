// A node without its agent: pods that are no VMs' come up as ever, a VM's waits and says for what, and starts when the agent is
// back. And calls that come twice, or late.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startInstalledBed, waitUntilInstalled } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import { type CachedAttachment, readCniCache } from "../../deploy/local/bed/installed/pod-links.ts";
import { type VmPod, waitForQueues } from "../../deploy/local/bed/installed/vm-pod.ts";
import type { CommandResult } from "../../deploy/local/command.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { waitUntilEmpty } from "./node-leftovers.ts";
import { apply, idlePod, inPod, waitReady } from "./pods.ts";
import { createVm, describeTap, linksOf, removePods, startVm, virtualMachine, waitForPodEvent } from "./vm-pods.ts";

describe("a node without its agent", () => {
  let bed: Bed;
  before(async () => {
    bed = await startInstalledBed({ layout: layoutOfCheckout() });
    await setNodeLimits(bed, { node1: 4, node2: 2 });
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  /** Lets the DaemonSet select no node, or all again. */
  const setAgents = async (isWanted: boolean): Promise<void> => {
    const selector = { "mqtap.io/absent": isWanted ? null : "true" };
    const patch = { spec: { template: { spec: { nodeSelector: selector } } } };
    const target = ["daemonset", "mqtap-agent", "--namespace=mqtap-system"];
    await bed.kubectl(["patch", ...target, "--type=merge", "-p", JSON.stringify(patch)]);
    if (isWanted) return waitUntilInstalled(bed);
    const gone = ["wait", "--for=delete", "pod", "--selector=app.kubernetes.io/component=agent", "--timeout=60s"];
    await bed.kubectl([...gone, "--namespace=mqtap-system"], { timeoutMs: 70_000 });
  };

  /** The pod's attachment to its default network, in the runtime's cache. */
  const attachmentOf = async ({ vm, uid }: VmPod): Promise<CachedAttachment> => {
    const cached = await readCniCache(bed.node(vm.node));
    const attachment = cached.find(({ podUid, ifName }) => podUid === uid && ifName === "eth0");
    assert.ok(attachment !== undefined);
    return attachment;
  };

  /** The installed plugin as its chain calls it for this attachment. */
  const callPlugin = (
    node: string,
    verb: "ADD" | "DEL",
    { containerId, ifName, args, netns, result }: CachedAttachment,
    isLate = false,
  ): Promise<CommandResult> => {
    const chain = { cniVersion: "1.1.0", name: "bed", type: "mqtap", sizing: "vm" };
    return bed.node(node).run(["/opt/cni/bin/mqtap"], {
      allowFailure: true,
      stdin: JSON.stringify(isLate ? chain : { ...chain, prevResult: { ...result, cniVersion: "1.1.0" } }),
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        CNI_COMMAND: verb,
        CNI_CONTAINERID: containerId,
        CNI_IFNAME: ifName,
        CNI_NETNS: isLate ? "" : netns,
        CNI_PATH: "/opt/cni/bin",
        CNI_ARGS: args,
      },
    });
  };

  it("runs ordinary pods as ever; a VM's pod waits with an event that says for what, and starts when the agent is back", async () => {
    await setAgents(false);
    const pod = await createVm(bed, virtualMachine("waiting", "node1"));
    await apply(bed, idlePod("web", "node1"));
    await waitReady(bed, "web");
    assert.equal(await inPod(bed, "web", ["ls", "/sys/class/net"]), "eth0\nlo\n");
    await waitForPodEvent(bed, pod, "FailedCreatePodSandBox", /cannot ask mqtap's agent/);
    await setAgents(true);
    await waitForQueues(bed, pod);
    assert.equal(describeTap((await linksOf(bed, pod)).get("tap0")), "companion for 4, 4 open, 107:107, noqueue, up");
    await bed.kubectl(["delete", "pod", "web"]);
    await removePods(bed, pod);
    await waitUntilEmpty(bed);
  });

  it("refuses a second ADD while the VM holds its tap, and lets the VM run on", async () => {
    const pod = await startVm(bed, virtualMachine("twice", "node2"));
    const before = (await linksOf(bed, pod)).get("tap0");
    const { status, stdout } = await callPlugin("node2", "ADD", await attachmentOf(pod));
    assert.notEqual(status, 0);
    assert.equal(JSON.parse(stdout).code, 100, stdout);
    assert.deepEqual((await linksOf(bed, pod)).get("tap0"), before);
    await removePods(bed, pod);
  });

  it("succeeds at a DEL that comes late, without a namespace and without what was made", async () => {
    const pod = await startVm(bed, virtualMachine("late", "node2"));
    const attachment = await attachmentOf(pod);
    await removePods(bed, pod);
    for (const time of ["first", "second"]) {
      const { status, stdout, stderr } = await callPlugin("node2", "DEL", attachment, true);
      assert.deepEqual([status, stdout, stderr], [0, "", ""], time);
    }
    await waitUntilEmpty(bed);
  });

  it("forgets what it planned for pods that are gone", async () => {
    for (const node of bed.nodes) {
      let seen = "";
      await waitUntil(
        `the agent of ${node.name} to have forgotten`,
        async () => {
          seen = (await node.run(["cat", "/var/lib/mqtap/state.json"])).stdout;
          return Object.keys(JSON.parse(seen).attachments ?? {}).length === 0 ? true : undefined;
        },
        { timeoutMs: 150_000, intervalMs: 500, seen: () => seen },
      );
    }
  });
});
