// The whole way at once, with everything real but the kubelet: a config says 2, a VM has 4 vCPUs. Controller and agent size,
// the plugin makes the tap through libcni, KubeVirt's own phase 1 adopts it, KubeVirt's own converter writes the domain,
// KubeVirt's own hooks manager has it rewritten by the hook in KubeVirt's own sidecar-shim, libvirt starts it, and the guest has
// 2 queues.

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
import { serialPorts } from "../guest/run-guest.ts";
import { boot, type HookProgram } from "../kubevirt/hook-sidecars.ts";
import { bootFiles, endProcess, type Place, prepareContainer } from "./container.ts";
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
  mkdirSync(place.path("/run/bin"));
  copyFileSync(mqtap, place.path("/run/bin/mqtap"));
  await using launcher = await Launcher.start(place, pod.name, vm.name);
  const vmi = bootable(JSON.parse(await cluster.controlPlane.kubectl(["get", "vmi", vm.name, "-o", "json"])));
  runPhase1(vmi, launcher.pid);
  const [adopted] = await tap();
  assert.deepEqual(adopted, { ...made, master: "k6t-eth0" });

  await makeVolumes(vmi.metadata.uid);
  const domain = { name: `default_${vm.name}` };
  const tellingGuest: HookProgram = { script: addingPorts((port) => launcher.serialFile(domain, port)) };
  const { calls, logs } = await boot({ bed: place, namespace: pod.name }, { vmi, hooks: ["mqtap", tellingGuest] });
  const [{ before, after, failed } = { before: "", after: "", failed: "not called" }] = calls;
  assert.equal(failed, "");
  assert.equal(before.split('queues="4"').length, 2, before);
  assert.equal(withoutPorts(after), before.replace('queues="4"', 'queues="2"'));
  // the shim has a line of its own around what the hook says
  const line = logs[0]?.split("\n").find((text) => text.includes("queues lowered")) ?? "{}";
  t.diagnostic(`hook: ${JSON.parse(line).msg}`);

  const webServer = await startWebServer(place, pod.name);
  t.after(() => endProcess(webServer));
  await launcher.define(after);
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

/** A VMI as KubeVirt's webhooks would have completed it, emulated and with a kernel of its own, and as virt-handler sees it. */
function bootable(vmi: Vmi) {
  const firmware = {
    uuid: vmi.metadata.uid,
    kernelBoot: {
      kernelArgs: "console=ttyS0 quiet panic=-1 ipv6.disable=1",
      container: { image: "example.org/kernel:v1", kernelPath: "/kernel", initrdPath: "/initrd" },
    },
  };
  const memory = { memory: { guest: "256Mi" }, resources: { requests: { memory: "256Mi" } } };
  const domain = { ...vmi.spec.domain, ...memory, machine: { type: "q35" }, firmware };
  return { ...vmi, spec: { ...vmi.spec, domain }, status: { ...vmi.status, runtimeUser: 107 } };
}

interface Vmi {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly domain: object };
  readonly status: object;
}

/** Where KubeVirt's domain looks for the VM's own kernel, and puts its sockets (KubeVirt v1.9.0, container-disk and console.go). */
async function makeVolumes(uid: string): Promise<void> {
  const kernel = "/run/kubevirt/container-disks/kernel-boot";
  await place.must("mkdir", "-p", kernel);
  await place.must("cp", bootFiles.kernel, bootFiles.initrd, kernel);
  await place.must("install", "-d", "-o", "107", "-g", "107", `/run/kubevirt-private/${uid}`);
}

const portsOf = /<serial type="file">.*?<\/serial>/gs;

/** A hook of the VM's owner behind mqtap's: the guest gets a serial port for each thing that it tells beside its console. */
function addingPorts(fileOf: (port: string) => string): string {
  const ports = serialPorts
    .slice(1)
    .map((port) => `<serial type="file"><source path="${fileOf(port)}"></source></serial>`);
  return `#!/bin/sh\nprintf %s "$4" | sed 's,</devices>,${ports.join("")}</devices>,'\n`;
}

function withoutPorts(xml: string): string {
  return xml.replaceAll(portsOf, "");
}

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
    run: (argv, options) => run(argv, { allowFailure: true, ...options }),
    must: async (...argv) => (await run(argv)).stdout,
    write: (inside, content) => {
      mkdirSync(path(dirname(inside)), { recursive: true });
      writeFileSync(path(inside), content);
    },
  };
}
