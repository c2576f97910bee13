// What goes wrong on a node, and what an administrator reads where one looks first: `kubectl get mqp`, the events of pods, an
// agent's log. Each case puts things right again, and the VM's pod that waited comes up.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { chainedPlugin, startInstalledBed } from "../../deploy/local/bed/installed/installed-bed.ts";
import { setNodeLimits } from "../../deploy/local/bed/installed/node-limits.ts";
import { type VmPod, waitForQueues } from "../../deploy/local/bed/installed/vm-pod.ts";
import { installMultus } from "../../deploy/local/bed/multus-on-node.ts";
import { defaultNetwork } from "../../deploy/local/bed/node-config.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { agentOn, mqtapPods } from "./mqtap-pods.ts";
import { waitForCondition } from "./profile-condition.ts";
import { createVm, describeTap, linksOf, removePods, startVm, virtualMachine, waitForPodEvent } from "./vm-pods.ts";

const namespace = "mqtap-system";
const daemonSet = ["daemonset/mqtap-agent", `--namespace=${namespace}`];
const layout = layoutOfCheckout();

describe("bad days", () => {
  let bed: Bed;
  before(async () => {
    bed = await startInstalledBed({ layout });
    await setNodeLimits(bed, { node1: 4, node2: 2 });
    // agents are replaced one by one, where a test says so, and look at their node often
    const args = ["--install-interval=500ms", "--drift-interval=1s"];
    const path = "/spec/template/spec/containers/0/args/-";
    const often = args.map((value) => ({ op: "add", path, value }));
    const patch = [{ op: "replace", path: "/spec/updateStrategy", value: { type: "OnDelete" } }, ...often];
    await bed.kubectl(["patch", ...daemonSet, "--type=json", "-p", JSON.stringify(patch)]);
    await replaceAgent("node1");
  });
  after(async () => bed?.[Symbol.asyncDispose]());

  /** Gives the name of the new agent's pod, once it runs or, where it cannot, once there is one. */
  const replaceAgent = async (
    node: string,
    { awaits = "ready" }: { awaits?: "ready" | "pod" } = {},
  ): Promise<string> => {
    const old = await agentOn(bed, node);
    await bed.kubectl(["delete", "pod", old.name, `--namespace=${namespace}`]);
    return waitUntil(
      `another agent on ${node}`,
      async () => {
        const agents = await mqtapPods(bed, "agent");
        const found = agents.find((agent) => agent.node === node && agent.name !== old.name);
        return found !== undefined && (found.isReady || awaits === "pod") ? found.name : undefined;
      },
      { timeoutMs: 60_000, intervalMs: 200, seen: () => bed.logTails().join("\n") },
    );
  };

  /** Changes the agents' pods, for those that are replaced from now on. */
  const patchAgents = async (container: object, volumes: readonly object[] = []): Promise<void> => {
    const spec = { containers: [{ name: "agent", ...container }], volumes };
    await bed.kubectl(["patch", ...daemonSet, "-p", JSON.stringify({ spec: { template: { spec } } })]);
  };
  const undoPatch = (): Promise<string> => bed.kubectl(["rollout", "undo", ...daemonSet]);

  const agentLog = (pod: string): Promise<string> =>
    bed.kubectl(["logs", `--namespace=${namespace}`, pod]).catch(String);
  const waitForLog = (pod: string, words: RegExp): Promise<unknown> => {
    let seen = "";
    return waitUntil(
      `the log of ${pod} to say ${words}`,
      async () => {
        seen = await agentLog(pod);
        return words.test(seen) || undefined;
      },
      { timeoutMs: 60_000, intervalMs: 200, seen: () => seen },
    );
  };

  /** What node1 says of itself, as `kubectl describe node` shows it, once its network is not ready for this reason. */
  const waitForNetworkNotReady = (words: RegExp): Promise<unknown> => {
    let seen = "";
    const jsonpath = 'jsonpath={range .status.conditions[?(@.type=="Ready")]}{.status} {.message}{end}';
    return waitUntil(
      `node1 to be not ready: ${words}`,
      async () => {
        seen = await bed.kubectl(["get", "node", "node1", `--output=${jsonpath}`]);
        return (seen.startsWith("False ") && words.test(seen)) || undefined;
      },
      { timeoutMs: 60_000, intervalMs: 200, seen: () => seen },
    );
  };

  const inNode1 = async (script: string): Promise<void> => {
    await bed.node("node1").run(["sh", "-euc", script]);
  };
  const expectStart = async (pod: VmPod): Promise<void> => {
    await waitForQueues(bed, pod);
    assert.equal(describeTap((await linksOf(bed, pod)).get("tap0")), "companion for 4, 4 open, 107:107, noqueue, up");
    await removePods(bed, pod);
  };
  // the runtime asks the chain for its STATUS: without the plugin nothing new starts on the node
  const noPlugin = /failed to find plugin "mqtap" in path \[\/opt\/cni\/bin/;

  it("an agent that was given another directory than the runtime's", async () => {
    const hostPath = { path: "/opt/other/bin", type: "Directory" };
    await inNode1("mkdir -p /opt/other/bin");
    await patchAgents(
      {
        env: [{ name: "CNI_BIN_DIR", value: hostPath.path }],
        volumeMounts: [
          { mountPath: "/host/opt/cni/bin", $patch: "delete" },
          { name: "cni-bin", mountPath: `/host${hostPath.path}` },
        ],
      },
      [{ name: "cni-bin", hostPath }],
    );
    await replaceAgent("node1");
    // no directory at all on the other node
    const name = await replaceAgent("node2", { awaits: "pod" });
    await waitForPodEvent(
      bed,
      { name, namespace },
      "FailedMount",
      /cni-bin.*hostPath type check failed.*\/opt\/other\/bin/,
    );

    await inNode1("rm /opt/cni/bin/mqtap");
    const degraded = await waitForCondition(bed, "node1", "Degraded", /^True DirectoryWithoutPlugins: /);
    assert.match(degraded, /\/opt\/other\/bin holds no plugin but mqtap.*containerd's bin_dir.*--cni-bin-dir/);
    const pod = await createVm(bed, virtualMachine("other-directory", "node1"));
    await waitForNetworkNotReady(noPlugin);

    await undoPatch();
    await Promise.all([replaceAgent("node1"), replaceAgent("node2")]);
    await expectStart(pod);
    await inNode1("rm -r /opt/other");
  });

  it("a CNI directory that cannot be written, and has no plugin", async () => {
    await inNode1(
      "mkdir /run/bed/without && mknod /run/bed/without/mqtap c 0 0 && mount -t overlay overlay -o lowerdir=/run/bed/without:/opt/cni/bin /opt/cni/bin",
    );
    await replaceAgent("node1");
    const condition = await waitForCondition(bed, "node1", "PluginInstalled", /^False DirectoryReadOnly: /);
    assert.match(
      condition,
      /cannot write \/opt\/cni\/bin\/mqtap: .*EROFS.*this node has no plugin.*with the node's image/,
    );
    const pod = await createVm(bed, virtualMachine("read-only", "node1"));
    await waitForNetworkNotReady(noPlugin);

    await inNode1("umount -l /opt/cni/bin && rm -r /run/bed/without");
    await replaceAgent("node1");
    await waitForCondition(bed, "node1", "PluginInstalled", /^True Installed: /);
    await expectStart(pod);
  });

  it("a second mqtap: its agent stays out of the first one's way, and says so", async () => {
    const manifest = await bed.kubectl(["get", ...daemonSet, "--output=json"]);
    const two = manifest
      .replaceAll('"name": "mqtap-agent",\n        "namespace"', '"name": "mqtap-two",\n        "namespace"')
      .replaceAll('"app.kubernetes.io/component": "agent"', '"app.kubernetes.io/component": "agent-two"')
      .replaceAll("9742", "9745")
      .replaceAll('"kubernetes.io/os": "linux"', '"kubernetes.io/hostname": "node1"');
    const { metadata, spec } = JSON.parse(two);
    const { name } = metadata;
    assert.equal(name, "mqtap-two");
    const created = { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name, namespace }, spec };
    await bed.kubectl(["create", "-f", "-"], { stdin: JSON.stringify(created) });
    await waitForLog("daemonset/mqtap-two", /cannot serve at.*agent\.sock.*another agent answers there; stop it/);
    await expectStart(await startVm(bed, virtualMachine("two-agents", "node1")));
    await bed.kubectl(["delete", "daemonset", name, `--namespace=${namespace}`]);
  });

  it("another release's plugin that somebody keeps putting there", async () => {
    const other = "/opt/cni/bin/mqtap";
    const file = bed.node("node1").onDisk(`${other}.other`);
    writeFileSync(file, Buffer.concat([readFileSync(path.join(layout.distDir, "mqtap")), Buffer.from("\n")]), {
      mode: 0o755,
    });
    const keep = setInterval(
      () => void inNode1(`cp ${other}.other ${other}.next && mv ${other}.next ${other}`).catch(() => undefined),
      700,
    );
    const condition = await waitForCondition(bed, "node1", "PluginInstalled", /^False Contested: /).finally(() =>
      clearInterval(keep),
    );
    assert.match(
      condition,
      /someone else keeps replacing or removing \/opt\/cni\/bin\/mqtap.*look for a second mqtap DaemonSet/,
    );
    await expectStart(await startVm(bed, virtualMachine("two-releases", "node1")));
    await inNode1(`rm ${other}.other`);
    await replaceAgent("node1");
    await waitForCondition(bed, "node1", "PluginInstalled", /^True Installed: /);
  });

  it("a node without /dev/net/tun", async () => {
    await inNode1("mv /dev/net/tun /dev/net/away");
    const degraded = await waitForCondition(bed, "node1", "Degraded", /^True TunDeviceMissing: /);
    assert.match(degraded, /\/dev\/net\/tun is missing, so no VM can have a tap here: load the kernel module tun/);
    const pod = await createVm(bed, virtualMachine("no-device", "node1"), { hasTunDevice: false });
    await waitForPodEvent(bed, pod, "FailedCreatePodSandBox", /\/dev\/net\/tun/);
    await removePods(bed, pod);
    await inNode1("mv /dev/net/away /dev/net/tun");
    await waitForCondition(bed, "node1", "Degraded", /^False AsExpected: /);
    await expectStart(await startVm(bed, virtualMachine("device", "node1")));
  });

  const asksForBlue = { networks: [{ name: "blue", interface: "net1" }], taps: ["tap0"] };

  it("a cluster without Multus' kind: kubectl and the pod's event say what is missing", async () => {
    const kind = "network-attachment-definitions.k8s.cni.cncf.io";
    await bed.kubectl(["delete", "crd", kind]);
    const networks = path.join(layout.root, "deploy/kubevirt/networks");
    // while kubectl's own notes of the API are fresh, it is the API server that refuses
    const noKind =
      /no matches for kind "NetworkAttachmentDefinition"|could not find the requested resource \(post network-att/;
    await assert.rejects(bed.kubectl(["apply", "-k", networks]), noKind);
    const pod = await createVm(bed, virtualMachine("no-kind", "node1"), asksForBlue);
    await waitForPodEvent(bed, pod, "FailedCreatePodSandBox", /network-attachment-definition \(blue\)/);
    await removePods(bed, pod);
    await installMultus(bed.controlPlane);
  });

  it("a node without Multus: the VM's pod has its first network alone, with its tap, and no status of networks", async () => {
    const { podSubnet } = bed.node("node1");
    const network = JSON.stringify(defaultNetwork(podSubnet, chainedPlugin));
    await bed.node("node1").writeFile("/etc/cni/net.d/10-bed.conflist", network);
    await inNode1("rm /etc/cni/net.d/00-multus.conf");
    const pod = await createVm(bed, virtualMachine("no-multus", "node1"), asksForBlue);
    await waitForQueues(bed, pod);
    assert.deepEqual([...(await linksOf(bed, pod)).keys()].toSorted(), ["eth0", "lo", "tap0"]);
    const annotations = await bed.kubectl(["get", "pod", pod.name, "--output=jsonpath={.metadata.annotations}"]);
    assert.match(annotations, /k8s\.v1\.cni\.cncf\.io\/networks/);
    assert.doesNotMatch(annotations, /network-status/);
    await removePods(bed, pod);
    await bed.setDefaultNetwork(chainedPlugin);
    await inNode1("rm /etc/cni/net.d/10-bed.conflist");
  });

  it("an agent that starts where the API server cannot be reached: the limit is in force, VMs' pods wait with error 11", async () => {
    const nowhere = [{ name: "KUBERNETES_SERVICE_PORT", value: "1" }];
    await patchAgents({ env: nowhere });
    // as after a reboot
    writeFileSync(bed.node("node1").tuntapSysctlFile, "256\n");
    const name = await replaceAgent("node1", { awaits: "pod" });
    await waitForLog(name, /cannot reach the API server at https:\/\/10\.96\.0\.1:1: ECONNREFUSED/);
    assert.equal(readFileSync(bed.node("node1").tuntapSysctlFile, "utf8"), "4\n");
    const pod = await createVm(bed, virtualMachine("unreachable", "node1"));
    const why = await waitForPodEvent(bed, pod, "FailedCreatePodSandBox", /mqtap/);
    assert.match(why, /cannot reach the API server at https:\/\/10\.96\.0\.1:1/);
    assert.equal((await agentOn(bed, "node1")).isReady, false);
    await undoPatch();
    await replaceAgent("node1");
    await expectStart(pod);
  });
});
