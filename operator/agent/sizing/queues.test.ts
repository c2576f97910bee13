import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { NodeLimits } from "./caps.ts";
import { decideQueues, type QueueDecision, type QueueQuestion } from "./queues.ts";
import { parseVmi, type Vmi } from "./vmi.ts";

const noLimits: NodeLimits = {
  maxQueues: undefined,
  maxQueuesSource: "none",
  maxQueuesPerVm: undefined,
  maxQueuesPerVmSource: "none",
  enforcement: "BestEffort",
  kernelLimit: undefined,
  kernelSysctl: "net/tuntap/max_queues",
  hasBackend: false,
};
const dense = "NodeNetworkConfig/dense-windows";
const four: NodeLimits = { ...noLimits, maxQueues: 4, maxQueuesSource: dense };
const hooked = { hasHook: true, isMigrationTarget: false, isRunning: false };

interface VmiShape {
  readonly cores?: number;
  readonly nics?: readonly object[];
  readonly multiqueue?: boolean;
  readonly annotations?: object;
  readonly status?: object;
}

function vmiOf({ cores = 8, nics = [{}], multiqueue = true, annotations = {}, status = {} }: VmiShape): Vmi {
  const interfaces = nics.map((nic, index) => ({ name: index === 0 ? "blue" : `n${index}`, ...nic }));
  const devices = { networkInterfaceMultiqueue: multiqueue, interfaces };
  return parseVmi({ metadata: { annotations }, spec: { domain: { cpu: { cores }, devices } }, status });
}

function decide(part: Partial<Omit<QueueQuestion, "vmi" | "nic">>, shape: VmiShape = {}): QueueDecision {
  const vmi = vmiOf(shape);
  const [nic] = vmi.interfaces;
  assert.ok(nic);
  return decideQueues({ vmi, nic, pod: hooked, limits: noLimits, networkMaxQueues: undefined, ...part });
}

const tenNics = Array.from({ length: 10 }, () => ({}));
const running = { interfaces: [{ name: "blue", infoSource: "domain", queueCount: 6 }] };
const target = { ...hooked, isMigrationTarget: true };

const cases: Record<string, { decision: QueueDecision; kind: QueueDecision["kind"]; queues: number; text: string }> = {
  "nothing lowers k": { decision: decide({}), kind: "full", queues: 8, text: '8 on network "blue": 8 vCPUs' },
  "k stops at 256": {
    decision: decide({}, { cores: 300 }),
    kind: "full",
    queues: 256,
    text: '256 on network "blue": 300 vCPUs',
  },
  "multiqueue off is one queue": {
    decision: decide({ limits: four }, { multiqueue: false }),
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
    decision: decide({ limits: four, pod: { ...hooked, hasHook: false } }),
    kind: "advisory",
    queues: 8,
    text: '8 on network "blue": advisory: no hook, so the node limit of 4 cannot be applied',
  },
  "without the hook nothing is advisory where nothing lowers": {
    decision: decide({ pod: { ...hooked, hasHook: false } }),
    kind: "full",
    queues: 8,
    text: '8 on network "blue": 8 vCPUs',
  },
  "a hotplugged NIC keeps k": {
    decision: decide({ limits: four, pod: { ...hooked, isRunning: true } }),
    kind: "advisory",
    queues: 8,
    text: '8 on network "blue": advisory: hotplugged into a running VM, so the node limit of 4 cannot be applied',
  },
  "a migration target keeps the running count": {
    decision: decide({ limits: four, pod: target }, { status: running }),
    kind: "advisory",
    queues: 6,
    text: '6 on network "blue": advisory: migration target, so the node limit of 4 cannot be applied',
  },
  "a migration target without a running count keeps k": {
    decision: decide({ limits: four, pod: target }),
    kind: "advisory",
    queues: 8,
    text: '8 on network "blue": advisory: migration target, so the node limit of 4 cannot be applied',
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

const required: NodeLimits = { ...four, enforcement: "Required", hasBackend: true };
const noHook = { ...hooked, hasHook: false };

for (const [sentence, { decision, isRefused, says }] of Object.entries({
  "E within the limit is let through": { decision: decide({ limits: required }), isRefused: false, says: "8 -> 4" },
  "no hook is refused above the limit": {
    decision: decide({ limits: required, pod: noHook }),
    isRefused: true,
    says: "add the mqtap hook to the VM",
  },
  "a hotplugged NIC is refused above the limit": {
    decision: decide({ limits: required, pod: { ...hooked, isRunning: true } }),
    isRefused: true,
    says: "add the interface while the VM is stopped",
  },
  "a migration target is refused above the limit": {
    decision: decide({ limits: required, pod: target }),
    isRefused: true,
    says: "migrate the VM to a node that allows as many",
  },
  "no hook is let through within the limit": {
    decision: decide({ limits: required, pod: noHook }, { cores: 4 }),
    isRefused: false,
    says: "4 vCPUs",
  },
  "without a backend k above the limit is refused, even with the hook": {
    decision: decide({ limits: { ...required, hasBackend: false } }),
    isRefused: true,
    says: "cannot refuse a queue",
  },
  "without a backend k within the limit is let through": {
    decision: decide({ limits: { ...required, hasBackend: false } }, { cores: 4 }),
    isRefused: false,
    says: "4 vCPUs",
  },
  "one queue is never refused": {
    decision: decide({ limits: { ...required, hasBackend: false } }, { multiqueue: false }),
    isRefused: false,
    says: "multiqueue is off",
  },
  "a kernel limit of 1 refuses no more than a limit of 2": {
    decision: decide({ limits: { ...required, kernelLimit: 1 } }),
    isRefused: false,
    says: "8 -> 2",
  },
})) {
  test(`decideQueues() with enforcement Required: ${sentence}`, () => {
    assert.equal(decision.kind === "refused", isRefused, decision.text);
    assert.ok(decision.text.includes(says), decision.text);
  });
}

const cap = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
const anyQuestion = fc.record({
  cores: fc.integer({ min: 1, max: 400 }),
  nics: fc.integer({ min: 1, max: 12 }),
  maxQueues: fc.option(fc.integer({ min: 2, max: 256 }), { nil: undefined }),
  maxQueuesPerVm: fc.option(fc.integer({ min: 2, max: 4096 }), { nil: undefined }),
  kernelLimit: cap,
  networkMaxQueues: cap,
  annotation: cap,
  pod: fc.record({ hasHook: fc.boolean(), isMigrationTarget: fc.boolean(), isRunning: fc.boolean() }),
  enforcement: fc.constantFrom("Advisory" as const, "BestEffort" as const),
});
type AnyQuestion = typeof anyQuestion extends fc.Arbitrary<infer Q> ? Q : never;

function decideAny(q: AnyQuestion): QueueDecision {
  const { maxQueues, maxQueuesPerVm, kernelLimit, enforcement, pod, networkMaxQueues } = q;
  const annotations = q.annotation === undefined ? {} : { "mqtap.io/max-queues": String(q.annotation) };
  return decide(
    { limits: { ...noLimits, maxQueues, maxQueuesPerVm, kernelLimit, enforcement }, pod, networkMaxQueues },
    { cores: q.cores, nics: Array.from({ length: q.nics }, () => ({})), annotations },
  );
}

test("decideQueues() is never above k, and never below 2 where k is above 1", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { queues, wanted } = decideAny(question);
      return queues <= wanted && (wanted === 1 ? queues === 1 : queues >= 2);
    }),
  );
});

test("decideQueues() never changes whether a tap has several queues", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { queues, wanted } = decideAny(question);
      return queues > 1 === wanted > 1;
    }),
  );
});

test("decideQueues() equals k where nothing rewrites the domain", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { queues, wanted, obstacle } = decideAny(question);
      return obstacle === undefined || queues === wanted;
    }),
  );
});

test("decideQueues() is monotone in every cap", () => {
  const field = fc.constantFrom("maxQueues", "maxQueuesPerVm", "kernelLimit", "networkMaxQueues", "annotation");
  fc.assert(
    fc.property(anyQuestion, field, fc.nat({ max: 200 }), (question, name, more) => {
      const higher = { ...question, [name]: question[name] === undefined ? undefined : question[name] + more };
      const lifted = { ...question, [name]: undefined };
      const { queues } = decideAny(question);
      return queues <= decideAny(higher).queues && queues <= decideAny(lifted).queues;
    }),
  );
});

test("decideQueues() names a deciding cap exactly where it lowers or would lower", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { kind, deciding } = decideAny(question);
      return kind === "full" ? deciding.every(({ value }) => value < 2) || deciding.length === 0 : deciding.length > 0;
    }),
  );
});
