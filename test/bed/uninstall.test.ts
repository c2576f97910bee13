// mqtap taken away, in both ways that administrators take: deleted from the API, by which nothing on the nodes may change and
// nothing may get stuck; and by deploy/README.md's block, typed to the letter, by which the nodes get back what they had.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { startInstalledBed, waitUntilInstalled } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import { type VmPod, waitForQueues } from "../../deploy/local/bed/installed/vm-pod.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { assertNothingInApi } from "./gone.ts";
import { listHostFiles, readHostFiles } from "./host-files.ts";
import { readFailedCalls } from "./plugin-log.ts";
import { apply, idlePod, waitReady } from "./pods.ts";
import { waitForCondition } from "./profile-condition.ts";
import { typeCommand } from "./typed-command.ts";
import { createVm, describeTap, linksOf, removePods, startVm, virtualMachine, waitForPodEvent } from "./vm-pods.ts";

const layout = layoutOfCheckout();
const readme = readFileSync(path.join(layout.root, "deploy/README.md"), "utf8");
const plugin = "/opt/cni/bin/mqtap";
const policy = "/etc/cni/mqtap/policy.json";

/** The commands of the README's block. */
function uninstallCommands(): readonly string[] {
  const [, block = ""] = /<!-- uninstall:.*?-->\n```\n(.*?)```/s.exec(readme) ?? [];
  return block.trim().split("\n");
}

describe("mqtap taken away", () => {
  let bed: Bed;
  let running: VmPod;
  let waiting: VmPod;
  before(async () => {
    bed = await startInstalledBed({ layout });
    await setNodeLimits(bed, { node1: 4, node2: 2 });
    running = await startVm(bed, virtualMachine("running", "node1"));
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  const sysctl = (): string => readFileSync(bed.node("node1").tuntapSysctlFile, "utf8");
  const tapOf = async (pod: VmPod): Promise<string> => describeTap((await linksOf(bed, pod)).get("tap0"));
  const four = "companion for 4, 4 open, 107:107, noqueue, up";

  describe("by kubectl delete -k alone", () => {
    it("leaves no object behind, and every file and value on the nodes as it was", async () => {
      const leaving = await startVm(bed, virtualMachine("leaving", "node2"));
      await apply(bed, idlePod("web", "node2"));
      await waitReady(bed, "web");
      const before = await Promise.all(bed.nodes.map(readHostFiles));
      assert.ok(Object.keys(before[0] ?? {}).includes(plugin));
      await typeCommand(bed, "kubectl delete -k deploy/overlays/default");
      await assertNothingInApi(bed, layout.overlay);
      assert.deepEqual(await Promise.all(bed.nodes.map(readHostFiles)), before);
      assert.equal(sysctl(), "4\n");

      assert.equal(await tapOf(running), four);
      await waitReady(bed, "web", running.name, leaving.name);
      await removePods(bed, leaving);
    });

    it("lets new pods of no VM start as ever, and a VM's pod wait with error 11 that says what to do", async () => {
      waiting = await createVm(bed, virtualMachine("waiting", "node2"));
      await apply(bed, idlePod("later", "node2"));
      await waitReady(bed, "later");
      await waitForPodEvent(
        bed,
        waiting,
        "FailedCreatePodSandBox",
        /install it again or take mqtap out of the pod's networks/,
      );
      const [refused] = await readFailedCalls(bed.node("node2"));
      assert.deepEqual([refused?.verb, refused?.code], ["ADD", 11]);
      await bed.kubectl(["delete", "pod", "web", "later"]);
    });

    it("lets the VM's pod start when mqtap is installed again, and the running one go on", async () => {
      await bed.kubectl(["apply", "-k", layout.overlay]);
      await waitUntilInstalled(bed);
      await waitForQueues(bed, waiting);
      assert.equal(await tapOf(running), four);
      await removePods(bed, waiting);
    });
  });

  describe("by the README's block", () => {
    const [deleteHookPolicy = "", applyUninstall = "", wait = "", deleteAll = "", removeLabels = "", ...others] =
      uninstallCommands();

    before(async () => {
      await setNodeLimits(bed, { node1: 4, node2: 2 });
      for (const folder of ["networks", "hook-policy"]) await bed.kubectl(["apply", "-k", `deploy/kubevirt/${folder}`]);
    });

    it("gives values back at once, and keeps plugin and policy while a tap, a configuration or a network needs them", async () => {
      assert.deepEqual(others, []);
      await typeCommand(bed, deleteHookPolicy);
      await typeCommand(bed, applyUninstall);
      await waitForCondition(bed, "node1", "Uninstalled", /^False TapsPresent: .*tap0 in .*stop or migrate/);
      await waitForCondition(bed, "node2", "Uninstalled", /^False ConfigurationsRefer: .*\/etc\/cni\/net\.d\//);
      assert.equal(sysctl(), "256\n");
      assert.equal(await tapOf(running), four);

      await removePods(bed, running);
      await waitForCondition(bed, "node1", "Uninstalled", /^False ConfigurationsRefer/);
      await bed.setDefaultNetwork([]);
      for (const { name } of bed.nodes)
        await waitForCondition(bed, name, "Uninstalled", /^False NetworksRefer: .*vms\/blue/);
      for (const node of bed.nodes) {
        const files = await listHostFiles(node);
        assert.ok(files.includes(plugin) && files.includes(policy), files.join());
      }
    });

    it("removes both when nothing needs them any more, and says so in the profiles", async () => {
      await bed.kubectl(["delete", "-k", "deploy/kubevirt/networks"]);
      await typeCommand(bed, wait, { timeoutMs: 120_000 });
      for (const { name } of bed.nodes) await waitForCondition(bed, name, "Uninstalled", /^True Uninstalled: /);
    });

    it("leaves no object and no label in the API", async () => {
      await typeCommand(bed, deleteAll);
      await typeCommand(bed, removeLabels);
      await assertNothingInApi(bed, path.join(layout.root, "deploy/overlays/uninstall"));
      assert.doesNotMatch(await bed.kubectl(["get", "nodes", "-o=jsonpath={.items[*].metadata.labels}"]), /mqtap/);
    });

    it("leaves on the nodes what the README lists, empty folders and the plugin's log", async () => {
      const left = ["/etc/cni/mqtap", "/run/mqtap", "/var/lib/mqtap"];
      for (const name of [...left, "/var/log/mqtap.log"]) assert.ok(readme.includes(`\`${name}\``), name);
      assert.deepEqual(await listHostFiles(bed.node("node1")), left);
      assert.deepEqual(await listHostFiles(bed.node("node2")), [...left, "/var/log/mqtap.log"]);
      assert.equal(sysctl(), "256\n");
    });
  });
});
