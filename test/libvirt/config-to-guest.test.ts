// The whole way at once, with everything real but the kubelet: a config says 2, a VM has 4 vCPUs. Controller and agent size,
// the plugin makes the tap through libcni, KubeVirt's own phase 1 adopts it, the hook rewrites the domain, libvirt starts it,
// and the guest has 2 queues.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, it } from "node:test";
import { parseReport } from "../../cni/inspect/report.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import type { DemoNode } from "../../deploy/local/demo-node.ts";
import { createLauncherPods, startPodNetwork } from "../../deploy/local/story/launch.ts";
import { readEvents } from "../../deploy/local/story/observe.ts";
import type { VirtualMachine } from "../../deploy/local/story/virtual-machine.ts";
import { applyConfig, startOperatedCluster, stock, waitForProfile } from "../e2e/operated-cluster.ts";
import { asQemu } from "../integration/hook.ts";
import { endProcess, home, type Place, prepareContainer } from "./container.ts";
import type { Domain } from "./domain.ts";
import { Launcher } from "./launcher.ts";
import { startWebServer } from "./launcher-pod.ts";

const vm: VirtualMachine = { name: "web", node: stock, cpu: { cores: 4 }, networks: ["default"], hasHook: true };

const { cluster } = await startOperatedCluster();
after(() => cluster[Symbol.asyncDispose]());
const node = cluster.node(stock);
const place = placeOf(node);

it("a config's limit reaches the guest", async (t) => {
  await applyConfig(cluster, "dense", { tuntap: { maxQueues: 2 } });
  await waitForProfile(cluster, stock, "limit 2", ({ status }) => status.tuntap?.maxQueues === 2);
  const [pod] = await createLauncherPods(cluster.controlPlane, [vm]);
  assert.ok(pod !== undefined);
  const netns = await startPodNetwork(cluster, pod);
  const [event] = await readEvents(cluster.controlPlane, { kind: "VirtualMachineInstance", name: vm.name });
  t.diagnostic(`agent: ${event?.note}`);
  const tap = async () =>
    parseReport(JSON.parse(await place.must(mqtap, "inspect", "--netns", netns, "-o", "json"))).taps;
  const [made, ...others] = await tap();
  assert.deepEqual([others, made?.mark?.mode, made?.mark?.queues, made?.isOpen], [[], "companion", 2, false]);

  await prepareContainer(place);
  copyFileSync(mqtap, place.path(hook));
  await using launcher = await Launcher.start(place, pod.name);
  const vmi = JSON.parse(await cluster.controlPlane.kubectl(["get", "vmi", vm.name, "-o", "json"]));
  runPhase1({ ...vmi, status: { ...vmi.status, runtimeUser: 107 } }, launcher.pid);
  const [adopted] = await tap();
  assert.deepEqual(adopted, { ...made, master: "k6t-eth0" });

  // what KubeVirt writes: as many queues as vCPUs
  const nic = { network: "default", tap: "tap0", mac: "02:00:00:00:00:02", queues: 4 };
  const domain: Domain = { name: "default_web", vcpus: 4, nics: [nic] };
  const argv = [...asQemu, hook, "--vmi", JSON.stringify(vmi), "--domain", launcher.xmlOf(domain)];
  const rewritten = await place.run(["ip", "netns", "exec", pod.name, ...argv]);
  assert.equal(rewritten.stdout, launcher.xmlOf({ ...domain, nics: [{ ...nic, queues: 2 }] }));
  t.diagnostic(`hook: ${rewritten.stderr.trim()}`);

  const webServer = await startWebServer(place, pod.name);
  t.after(() => endProcess(webServer));
  await launcher.define(rewritten.stdout);
  await launcher.must("start", domain.name);
  const guest = await launcher.reportOf(domain);
  t.diagnostic(`guest: ${guest.vcpus} vCPUs, ${guest.combined} queues`);
  assert.deepEqual([guest.vcpus, guest.maxCombined, guest.combined], [4, 2, 2]);
  assert.deepEqual(
    guest.flows.map(({ bytes }) => bytes).filter((bytes) => bytes === 0),
    [],
  );
  const [running] = await tap();
  const { estimatedMemoryBytes } = running ?? {};
  const open = { isOpen: true, attachedQueues: 2, disabledQueues: 0, estimatedMemoryBytes };
  assert.deepEqual(running, { ...adopted, ...open });
  t.diagnostic(`node: ${running?.attachedQueues} queues open, qdisc ${running?.qdisc}`);
});

const mqtap = join(cluster.layout.distDir, "mqtap");
const hook = `${home}/onDefineDomain`;

/** As virt-handler runs it for a pod that is ready. */
function runPhase1(vmi: object, pid: number | undefined): void {
  const components = componentDirectory();
  const argv = node.enter([`${components}/kubevirt-peer`, "phase1"]);
  const { stdout, stderr } = spawnSync(argv[0] ?? "", argv.slice(1), {
    encoding: "utf8",
    input: JSON.stringify({ vmi, pid }),
    env: { PATH: `${components}:/usr/sbin:/usr/bin:/sbin:/bin` },
  });
  assert.equal(stdout.trim(), '{"done":true}', stderr);
}

/** Its files, and its programs in its own network namespace. */
function placeOf({ holderPid, run }: DemoNode): Place {
  const path = (inside: string): string => `/proc/${holderPid}/root${inside}`;
  return {
    path,
    run: (argv, { env } = {}) => run(argv, { allowFailure: true, ...(env === undefined ? {} : { env }) }),
    must: async (...argv) => (await run(argv)).stdout,
    write: (inside, content) => {
      mkdirSync(path(dirname(inside)), { recursive: true });
      writeFileSync(path(inside), content);
    },
  };
}
