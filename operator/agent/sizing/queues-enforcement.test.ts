import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, four, hotplugged, migrationTarget, noHook } from "../../../test/agent/queue-decisions.ts";

const required = { ...four, enforcement: "Required", hasBackend: true } as const;

for (const [sentence, { decision, isRefused, says }] of Object.entries({
  "E within the limit is let through": { decision: decide({ limits: required }), isRefused: false, says: "8 -> 4" },
  "no hook is refused above the limit": {
    decision: decide({ limits: required, pod: noHook }),
    isRefused: true,
    says: "add the mqtap hook to the VM",
  },
  "a hotplugged NIC is refused above the limit": {
    decision: decide({ limits: required, pod: hotplugged }),
    isRefused: true,
    says: "add the interface while the VM is stopped",
  },
  "a migration target is refused above the limit": {
    decision: decide({ limits: required, pod: migrationTarget }),
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
    decision: decide({ limits: { ...required, hasBackend: false } }, { isMultiqueue: false }),
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
