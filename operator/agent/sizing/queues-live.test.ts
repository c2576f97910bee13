// E for VMs that run already: live migration, CPU hotplug, hotplugged interfaces.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, dense, four, hotplugged, migrationTarget, noLimits } from "../../../test/agent/queue-decisions.ts";
import type { QueueDecision } from "./queues.ts";

const two = { ...four, maxQueues: 2 };
/** As KubeVirt reports the interface "blue" of a running VM. */
const running = (queueCount: number, infoSource = "domain, guest-agent") => ({
  status: { interfaces: [{ name: "blue", infoSource, queueCount }] },
});
const migratedAndRunning = { ...migrationTarget, isRunning: true };

interface Case {
  readonly decision: QueueDecision;
  readonly queues: number;
  readonly wished?: number;
  readonly obstacle?: QueueDecision["obstacle"];
  readonly text: string;
}

const cases: Record<string, Case> = {
  "the migration that follows a CPU hotplug keeps the running count": {
    decision: decide({ pod: migrationTarget }, { cores: 16, ...running(8) }),
    queues: 8,
    text: '8 on network "blue": the migrating VM runs with 8',
  },
  "a VM that booted with one vCPU keeps its single queue when it migrates with more": {
    decision: decide({ pod: migrationTarget, limits: four }, { cores: 4, ...running(1) }),
    queues: 1,
    text: '1 on network "blue": the migrating VM runs with 1',
  },
  "a VM that was capped migrates with its cap, and there is nothing to report": {
    decision: decide({ pod: migrationTarget, limits: four }, running(4)),
    queues: 4,
    text: '4 on network "blue": the migrating VM runs with 4',
  },
  "a VM that was capped higher keeps its count where the limit is lower, and that is reported": {
    decision: decide({ pod: migrationTarget, limits: two }, running(4)),
    queues: 4,
    wished: 2,
    text: '4 on network "blue": advisory: migration target, so the node limit of 2 cannot be applied',
  },
  "a decentralised migration, whose status is empty, takes KubeVirt's count, and a lower limit is reported": {
    decision: decide({ pod: migrationTarget, limits: four }, { status: {} }),
    queues: 8,
    wished: 4,
    text: '8 on network "blue": advisory: migration target, so the node limit of 4 cannot be applied',
  },
  "an interface that the domain has not reported has no running count": {
    decision: decide({ pod: migrationTarget, limits: four }, running(3, "multus-status, guest-agent")),
    queues: 8,
    wished: 4,
    text: '8 on network "blue": advisory: migration target, so the node limit of 4 cannot be applied',
  },
  "a VM's own annotation is advice on a migration target too": {
    decision: decide({ pod: migrationTarget }, { annotations: { "mqtap.io/max-queues": "2" }, ...running(4) }),
    queues: 4,
    wished: 2,
    text: '4 on network "blue": advisory: migration target, so annotation mqtap.io/max-queues cannot be applied',
  },
  "an even share counts what migrating interfaces run with": {
    decision: decide(
      { pod: migrationTarget, limits: { ...noLimits, maxQueuesPerVm: 4, maxQueuesPerVmSource: dense } },
      {
        nics: [{}, {}],
        status: {
          interfaces: [
            { name: "blue", infoSource: "domain", queueCount: 8 },
            { name: "n1", infoSource: "domain", queueCount: 1 },
          ],
        },
      },
    ),
    queues: 8,
    wished: 4,
    text: `8 on network "blue": advisory: migration target, so maxQueuesPerVM 4 over 1 NIC by ${dense} cannot be applied; 1 NIC with 8 queues goes beyond maxQueuesPerVM 4`,
  },
  "the restart after a CPU hotplug takes the new vCPUs, and the cap": {
    decision: decide({ limits: four }, { cores: 16 }),
    queues: 4,
    text: `16 -> 4 on network "blue": node limit 4 by ${dense}`,
  },
  "a hotplugged interface gets the vCPUs of now, whatever the running ones have, and a lower limit is reported": {
    decision: decide(
      { pod: hotplugged, limits: four },
      { cores: 16, status: { interfaces: [{ name: "n1", infoSource: "domain", queueCount: 4 }] } },
    ),
    queues: 16,
    wished: 4,
    obstacle: "hotplugged",
    text: '16 on network "blue": advisory: hotplugged into a running VM, so the node limit of 4 cannot be applied',
  },
  "an interface hotplugged into a VM that has migrated is told as hotplugged": {
    decision: decide({ pod: migratedAndRunning, limits: four }),
    queues: 8,
    wished: 4,
    obstacle: "hotplugged",
    text: '8 on network "blue": advisory: hotplugged into a running VM, so the node limit of 4 cannot be applied',
  },
};

for (const [sentence, { decision, queues, wished = queues, obstacle, text }] of Object.entries(cases)) {
  test(`decideQueues(): ${sentence}`, () => {
    assert.deepEqual(
      { queues: decision.queues, wished: decision.wished, text: decision.text },
      { queues, wished, text },
    );
    if (obstacle !== undefined) assert.equal(decision.obstacle, obstacle);
  });
}
