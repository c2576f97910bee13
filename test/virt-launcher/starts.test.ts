// Whole VM starts without a cluster: the plugin makes the tap, KubeVirt's phase 1 adopts it, and KubeVirt's virt-launcher with its
// hooks manager, sidecar-shim and mqtap's hook has libvirt start a guest, which tells its queues.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { Bed } from "../integration/bed.ts";
import { FakeAgent } from "../integration/fake-agent.ts";
import { succeed } from "../integration/plugin.ts";
import { type HookProgram, Sidecar } from "../kubevirt/hook-sidecars.ts";
import { LauncherPod } from "../kubevirt/launcher-pod.ts";
import { planNics } from "../kubevirt/what-happens/agent.ts";
import { parseInspected, seenOf } from "../kubevirt/what-happens/see.ts";
import type { Situation } from "../kubevirt/what-happens/situations.ts";
import { cniArgs, masqueradeNic, virtualMachine } from "../kubevirt/what-happens/virtual-machine.ts";
import { prepareLauncherContainer } from "./container.ts";
import { launchedVm } from "./launched-vm.ts";
import { VirtLauncher } from "./virt-launcher.ts";

const namespace = "pod";
const situation: Situation = { isMultiqueue: true, vcpus: 4, cap: 2, hook: "works", maker: "mqtap" };
const notExecutable: HookProgram = { script: "#!/bin/sh\n", mode: 0o644 };

interface Case extends Partial<Situation> {
  readonly hook?: Situation["hook"];
  readonly program?: HookProgram;
  readonly queues: number;
  readonly events: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  "2 of 4 queues under a cap of 2": { queues: 2, events: ["QueuesPlanned", "QueuesCapped"] },
  "4 queues without a cap": { cap: undefined, queues: 4, events: ["QueuesPlanned"] },
  "1 queue with 1 vCPU": { vcpus: 1, queues: 1, events: ["QueuesPlanned"] },
  "4 queues under a cap of 2 without the hook": {
    hook: "absent",
    queues: 4,
    events: ["QueuesPlanned (warning)", "CapNotApplied (warning: no-hook)"],
  },
  "4 queues under a cap of 2 where the hook's file cannot be executed": {
    hook: "skipped",
    program: notExecutable,
    queues: 4,
    events: ["QueuesPlanned", "CapNotApplied (warning: hook-without-effect)"],
  },
};

describe("a VM that virt-launcher starts has", () => {
  for (const [name, { program = "mqtap", queues, events, ...differs }] of Object.entries(cases)) {
    it(name, async () => {
      const wanted = { ...situation, ...differs };
      await using bed = await Bed.open();
      await prepareLauncherContainer(bed);
      const netns = await bed.addNamespace(namespace);
      await using pod = await LauncherPod.start(bed, namespace);
      const planned = virtualMachine(wanted, [masqueradeNic]);
      const [plan] = await planNics(wanted, planned, { nics: [masqueradeNic], netns });
      assert.ok(plan?.sizing !== undefined);
      const { answer } = plan.sizing;
      await using _agent = await FakeAgent.answering(bed, () => answer);
      await succeed(bed, { command: "ADD", netns, args: cniArgs, ...masqueradeNic.call });
      const vmi = launchedVm(wanted);
      assert.deepEqual(await pod.phase1(vmi), { kind: "reply", reply: { done: true } });

      await bed.must("cp", "--dereference", `${componentDirectory()}/sidecar-shim`, "/run/bin/");
      await using sidecar =
        wanted.hook === "absent"
          ? undefined
          : await Sidecar.start({ bed, namespace }, { name: "hook-sidecar-0", hook: program });
      const sidecars = sidecar === undefined ? 0 : 1;
      await using launcher = await VirtLauncher.start(bed, { namespace, vmi, sidecars });
      const { status, stderr } = await launcher.startVm(vmi);
      assert.equal(status, 0, `${stderr}${launcher.log}`);
      const told = await launcher.told();
      const inGuest = Number(/^combined (\d+)/m.exec(told)?.[1]);
      const report = parseInspected(await bed.must("/run/bin/mqtap", "inspect", "--netns", netns, "-o", "json"));
      const seen = seenOf(plan, { asked: undefined, written: undefined, inGuest, report });
      assert.deepEqual([seen.opened, seen.inGuest, seen.qdisc], [queues, queues, "noqueue"], sidecar?.log ?? "");
      assert.deepEqual(seen.events, events);
    });
  }
});
