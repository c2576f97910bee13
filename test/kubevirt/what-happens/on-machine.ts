// Masquerade on this machine: KubeVirt's phase 1, libvirt and QEMU as uid 107, and a guest that tells its queues.

import assert from "node:assert/strict";
import { parseAdoptReport } from "../../../cni/adopt/report.ts";
import { Bed } from "../../integration/bed.ts";
import { FakeAgent } from "../../integration/fake-agent.ts";
import { callHook } from "../../integration/hook.ts";
import { succeed } from "../../integration/plugin.ts";
import { prepareContainer } from "../../libvirt/container.ts";
import type { Domain } from "../../libvirt/domain.ts";
import { Launcher } from "../../libvirt/launcher.ts";
import { LauncherPod } from "../launcher-pod.ts";
import { type NicPlan, planNics } from "./agent.ts";
import { askConverter, parseInspected, queuesIn, seenOf } from "./see.ts";
import { type Cell, type Situation, situations } from "./situations.ts";
import { cniArgs, masqueradeNic, type VirtualMachine, virtualMachine } from "./virtual-machine.ts";

/**
 * Elsewhere QEMU holds the tap and the guest does not run: with one queue it has nothing to tell that the kernel does not, and a
 * cap of 1 gives the domain that a cap of 2 gives.
 */
const isBooted = ({ isMultiqueue, vcpus, cap }: Situation): boolean => isMultiqueue && vcpus > 1 && cap !== 1;

/** Runs every situation, one after the other. */
export async function seeOnMachine(): Promise<readonly Cell[]> {
  await using bed = await Bed.open();
  await prepareContainer(bed, "queues.sh");
  await bed.must("ln", "-s", "mqtap", "/run/bin/onDefineDomain");
  const vms = situations.map((situation) => virtualMachine(situation, [masqueradeNic]));
  const converted = askConverter(vms);
  const cells: Cell[] = [];
  for (const [index, situation] of situations.entries()) {
    const asked = converted[index]?.("default");
    const vm = vms[index];
    assert.ok(vm !== undefined);
    cells.push(await see(bed, { namespace: `vm${index}`, situation, vm, asked }));
  }
  return cells;
}

interface Run {
  readonly namespace: string;
  readonly situation: Situation;
  readonly vm: VirtualMachine;
  readonly asked: number | undefined;
}

async function see(bed: Bed, { namespace, situation, vm, asked }: Run): Promise<Cell> {
  const netns = await bed.addNamespace(namespace);
  await using pod = await LauncherPod.start(bed, namespace);
  const [plan] = await planNics(situation, vm, { nics: [masqueradeNic], netns });
  assert.ok(plan !== undefined);
  await makeTap(bed, netns, plan);
  const adopting = adopt(bed, netns, plan);
  assert.deepEqual(await pod.phase1(vm.vmi), { kind: "reply", reply: { done: true } });
  await adopting;

  await using launcher = await Launcher.start(bed, namespace);
  const { network, tap, mac } = masqueradeNic;
  const { vcpus, hook } = situation;
  const domain: Domain = { name: "vms_vm", vcpus, nics: [{ network, tap, mac, queues: asked }] };
  const before = launcher.xmlOf(domain);
  const xml =
    hook === "works" ? (await callHook(bed, { namespace, xml: before, vmi: JSON.stringify(vm.vmi) })).xml : before;
  await launcher.define(xml);
  await launcher.must("start", ...(isBooted(situation) ? [] : ["--paused"]), domain.name);
  const inGuest = isBooted(situation) ? queuesToldBy(await launcher.toldBy(domain)) : undefined;
  const report = parseInspected(
    await bed.must("/run/bin/mqtap", "inspect", "--netns", netns, "--foreign", "-o", "json"),
  );
  const written = queuesIn(xml, network);
  return { ...situation, binding: "masquerade", seen: seenOf(plan, { asked, written, inGuest, report }) };
}

async function makeTap(bed: Bed, netns: string, { nic, sizing }: NicPlan): Promise<void> {
  if (sizing === undefined) return;
  await using agent = await FakeAgent.answering(bed, () => sizing.answer);
  await succeed(bed, { command: "ADD", netns, args: cniArgs, ...nic.call });
  assert.deepEqual(agent.questions, [sizing.request]);
}

/** Ends when the tap is adopted. */
async function adopt(bed: Bed, netns: string, { nic, adoptedQueues }: NicPlan): Promise<void> {
  if (adoptedQueues === undefined) return;
  const words = `--netns ${netns} --tap ${nic.tap}=${adoptedQueues} --wait --timeout 1m`;
  // it ends with a pipe on its stdin
  const { status, stdout, stderr } = await bed.run(["sh", "-c", `exec /run/bin/mqtap adopt ${words} </dev/null`]);
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    parseAdoptReport(JSON.parse(stdout)).taps.map(({ outcome }) => outcome),
    ["adopted"],
  );
}

function queuesToldBy(told: string): number {
  return Number(/^combined (\d+)$/m.exec(told)?.[1]);
}
