import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decide,
  dense,
  four,
  hotplugged,
  migrationTarget,
  noHook,
  noLimits,
} from "../../../test/agent/queue-decisions.ts";
import type { QueueDecision } from "./queues.ts";

const tenNics = Array.from({ length: 10 }, () => ({}));
const running = { interfaces: [{ name: "blue", infoSource: "domain", queueCount: 6 }] };

const cases: Record<string, { decision: QueueDecision; kind: QueueDecision["kind"]; queues: number; text: string }> = {
  "nothing lowers k": { decision: decide({}), kind: "full", queues: 8, text: '8 on network "blue": 8 vCPUs' },
  "k stops at 256": {
    decision: decide({}, { cores: 300 }),
    kind: "full",
    queues: 256,
    text: '256 on network "blue": 300 vCPUs',
  },
  "multiqueue off is one queue": {
    decision: decide({ limits: four }, { isMultiqueue: false }),
    kind: "full",
    queues: 1,
    text: '1 on network "blue": multiqueue is off',
  },
  "another model is one queue": {
    decision: decide({ limits: four }, { nics: [{ model: "e1000" }] }),
    kind: "full",
    queues: 1,
    text: '1 on network "blue": model e1000 has one queue',
  },
  "one vCPU is one queue": {
    decision: decide({ limits: four }, { cores: 1 }),
    kind: "full",
    queues: 1,
    text: '1 on network "blue": 1 vCPU',
  },
  "the node's limit caps": {
    decision: decide({ limits: four }),
    kind: "capped",
    queues: 4,
    text: `8 -> 4 on network "blue": node limit 4 by ${dense}`,
  },
  "a limit above k changes nothing": {
    decision: decide({ limits: four }, { cores: 3 }),
    kind: "full",
    queues: 3,
    text: '3 on network "blue": 3 vCPUs',
  },
  "the kernel's lower limit is named": {
    decision: decide({ limits: { ...four, kernelLimit: 3 } }),
    kind: "capped",
    queues: 3,
    text: '8 -> 3 on network "blue": node limit 3 by the kernel\'s net/tuntap/max_queues',
  },
  "a kernel limit equal to the profile's is the profile's": {
    decision: decide({ limits: { ...four, kernelLimit: 4 } }),
    kind: "capped",
    queues: 4,
    text: `8 -> 4 on network "blue": node limit 4 by ${dense}`,
  },
  "a kernel limit of 1 does not go below 2, and is told": {
    decision: decide({ limits: { ...noLimits, kernelLimit: 1 } }),
    kind: "capped",
    queues: 2,
    text:
      '8 -> 2 on network "blue": node limit 1 by the kernel\'s net/tuntap/max_queues, raised to the floor of 2; ' +
      "the kernel's net/tuntap/max_queues is 1, so a VM with multiqueue cannot start here: raise it to 2 or more",
  },
  "ten NICs share maxQueuesPerVM": {
    decision: decide({ limits: { ...four, maxQueuesPerVm: 32, maxQueuesPerVmSource: dense } }, { nics: tenNics }),
    kind: "capped",
    queues: 3,
    text: `8 -> 3 on network "blue": maxQueuesPerVM 32 over 10 NICs by ${dense}`,
  },
  "NICs without several queues take no share": {
    decision: decide(
      { limits: { ...noLimits, maxQueuesPerVm: 8, maxQueuesPerVmSource: dense } },
      { nics: [{}, { sriov: {} }, { passt: {} }, { state: "absent" }, { model: "e1000" }, {}] },
    ),
    kind: "capped",
    queues: 4,
    text: `8 -> 4 on network "blue": maxQueuesPerVM 8 over 2 NICs by ${dense}`,
  },
  "the floor beyond the total is told": {
    decision: decide({ limits: { ...noLimits, maxQueuesPerVm: 16, maxQueuesPerVmSource: dense } }, { nics: tenNics }),
    kind: "capped",
    queues: 2,
    text:
      `8 -> 2 on network "blue": maxQueuesPerVM 16 over 10 NICs by ${dense}, raised to the floor of 2; ` +
      "10 NICs with 2 queues each go beyond maxQueuesPerVM 16",
  },
  "the VM's annotation lowers": {
    decision: decide({ limits: four }, { annotations: { "mqtap.io/max-queues": "3" } }),
    kind: "capped",
    queues: 3,
    text: '8 -> 3 on network "blue": annotation mqtap.io/max-queues',
  },
  "KubeVirt's annotation lowers too": {
    decision: decide({}, { annotations: { "network.kubevirt.io/max-queues": "5" } }),
    kind: "capped",
    queues: 5,
    text: '8 -> 5 on network "blue": annotation network.kubevirt.io/max-queues',
  },
  "an annotation never raises": {
    decision: decide({ limits: four }, { annotations: { "mqtap.io/max-queues": "64" } }),
    kind: "capped",
    queues: 4,
    text: `8 -> 4 on network "blue": node limit 4 by ${dense}`,
  },
  "an annotation of 1 is raised to the floor": {
    decision: decide({}, { annotations: { "mqtap.io/max-queues": "1" } }),
    kind: "capped",
    queues: 2,
    text: '8 -> 2 on network "blue": annotation mqtap.io/max-queues, raised to the floor of 2',
  },
  "an annotation that is no number is told and ignored": {
    decision: decide({}, { annotations: { "mqtap.io/max-queues": "few" } }),
    kind: "full",
    queues: 8,
    text: '8 on network "blue": 8 vCPUs; annotation mqtap.io/max-queues is ignored: "few" is not a whole number above 0',
  },
  "the network's own maxQueues lowers": {
    decision: decide({ networkMaxQueues: 6 }),
    kind: "capped",
    queues: 6,
    text: '8 -> 6 on network "blue": the network\'s maxQueues 6',
  },
  "equal caps are both named": {
    decision: decide({ limits: four, networkMaxQueues: 4 }),
    kind: "capped",
    queues: 4,
    text: `8 -> 4 on network "blue": node limit 4 by ${dense} and the network's maxQueues 4`,
  },
  "without the hook a cap is advisory": {
    decision: decide({ limits: four, pod: noHook }),
    kind: "advisory",
    queues: 8,
    text: '8 on network "blue": advisory: no hook, so the node limit of 4 cannot be applied',
  },
  "without the hook nothing is advisory where nothing lowers": {
    decision: decide({ pod: noHook }),
    kind: "full",
    queues: 8,
    text: '8 on network "blue": 8 vCPUs',
  },
  "a hotplugged NIC keeps k": {
    decision: decide({ limits: four, pod: hotplugged }),
    kind: "advisory",
    queues: 8,
    text: '8 on network "blue": advisory: hotplugged into a running VM, so the node limit of 4 cannot be applied',
  },
  "a migration target keeps the running count": {
    decision: decide({ limits: four, pod: migrationTarget }, { status: running }),
    kind: "advisory",
    queues: 6,
    text: '6 on network "blue": advisory: migration target, so the node limit of 4 cannot be applied',
  },
  "a migration target without a running count keeps k": {
    decision: decide({ limits: four, pod: migrationTarget }),
    kind: "advisory",
    queues: 8,
    text: '8 on network "blue": advisory: migration target, so the node limit of 4 cannot be applied',
  },
  "a migration target keeps the running count also where multiqueue is off by now": {
    decision: decide({ pod: migrationTarget }, { isMultiqueue: false, status: running }),
    kind: "full",
    queues: 6,
    text: '6 on network "blue": the migrating VM runs with 6',
  },
  "the running count is for migration targets alone": {
    decision: decide({ limits: four }, { status: running }),
    kind: "capped",
    queues: 4,
    text: `8 -> 4 on network "blue": node limit 4 by ${dense}`,
  },
};

for (const [sentence, { decision, kind, queues, text }] of Object.entries(cases)) {
  test(`decideQueues(): ${sentence}`, () => {
    assert.deepEqual({ kind: decision.kind, queues: decision.queues, text: decision.text }, { kind, queues, text });
  });
}
