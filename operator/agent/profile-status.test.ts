import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeNetworkProfileSpec, NodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import { parseNodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import type { ApplyReport } from "./apply-spec.ts";
import { nodeProblems } from "./node-health.ts";
import { profileStatus, type StatusSituation } from "./profile-status.ts";

const spec: NodeNetworkProfileSpec = {
  tuntap: { maxQueues: 4, maxQueuesPerVM: 32, enforcement: "BestEffort", onRemoval: "Restore" },
  sysctls: [],
  sources: [],
  hash: "h2",
};
const report: ApplyReport = {
  enforcedBy: "Advisory",
  original: null,
  observed: undefined,
  sysctls: [],
  problems: [],
  notices: [],
};

function statusOf(part: Partial<StatusSituation>): NodeNetworkProfileStatus {
  return profileStatus({
    generation: 7,
    spec,
    report,
    problems: [],
    bootId: "b1",
    previous: {},
    now: new Date("2026-11-22T10:00:00Z"),
    ...part,
  });
}
function condition(status: NodeNetworkProfileStatus, type: string) {
  const found = status.conditions?.find((candidate) => candidate.type === type);
  assert.ok(found);
  return found;
}

test("profileStatus() says what is in force and that it is advice", () => {
  const status = statusOf({});
  assert.deepEqual(status.tuntap, { maxQueues: 4, enforcedBy: "Advisory", kernelLimit: 256, original: null });
  assert.equal(status.appliedHash, "h2");
  assert.equal(status.observedGeneration, 7);
  assert.equal(status.overLimit, undefined);
  const { status: applied, reason, message } = condition(status, "Applied");
  assert.deepEqual([applied, reason], ["True", "Applied"]);
  assert.match(message, /advisory/);
  assert.equal(condition(status, "Degraded").status, "False");
});

test("profileStatus() reads back as it was written", () => {
  const sysctl = { file: "x", desired: "1", observed: "1", original: "2", problem: undefined, notice: undefined };
  const sysctls = [{ ...sysctl, name: "net.core.netdev_budget", state: "Applied" as const }];
  const status = statusOf({ report: { ...report, enforcedBy: "Sysctl", original: "256", observed: "4", sysctls } });
  assert.deepEqual(status.tuntap, { maxQueues: 4, enforcedBy: "Sysctl", kernelLimit: 4, original: 256 });
  assert.deepEqual(parseNodeNetworkProfileStatus(JSON.parse(JSON.stringify(status))), status);
});

test("profileStatus() has the VMs over the limit, and keeps the count through a restart but not through a reboot", () => {
  assert.equal(statusOf({ overLimit: 2 }).overLimit, 2);
  assert.equal(statusOf({ overLimit: 0, previous: { bootID: "b1", overLimit: 2 } }).overLimit, 0);
  assert.equal(statusOf({ previous: { bootID: "b1", overLimit: 2 } }).overLimit, 2);
  assert.equal(statusOf({ previous: { bootID: "b0", overLimit: 2 } }).overLimit, undefined);
  assert.equal(statusOf({ overLimit: null, previous: { bootID: "b1", overLimit: 2 } }).overLimit, undefined);
});

test("profileStatus() is equal for equal findings, whatever the time", () => {
  const previous = statusOf({});
  assert.deepEqual(statusOf({ previous, now: new Date("2026-11-23T10:00:00Z") }), previous);
});

test("profileStatus() of a failure is not applied, keeps the old hash, and says what failed", () => {
  const problem = { reason: "ReadBackMismatch", message: "reads 8 after 4 was written" } as const;
  const status = statusOf({ previous: { appliedHash: "h1" }, report: { ...report, problems: [problem] } });
  assert.equal(status.appliedHash, "h1");
  assert.deepEqual(
    ["Applied", "Degraded"].map((type) => [condition(status, type).status, condition(status, type).reason]),
    [
      ["False", "ReadBackMismatch"],
      ["True", "ReadBackMismatch"],
    ],
  );
});

test("profileStatus() of an override is applied and degraded", () => {
  const problem = { reason: "Overridden", message: "wanted 4, observed 9" } as const;
  const status = statusOf({ report: { ...report, problems: [problem] } });
  assert.deepEqual([condition(status, "Applied").status, condition(status, "Degraded").status], ["True", "True"]);
});

test("profileStatus() of an empty profile has nothing to apply, and names what the kernel takes", () => {
  const empty = { sysctls: [], sources: [], hash: "h0" };
  const status = statusOf({ spec: empty, report: { ...report, enforcedBy: undefined } });
  assert.equal(condition(status, "Applied").reason, "NothingToApply");
  assert.deepEqual(status.tuntap, { maxQueues: 256, kernelLimit: 256, original: null });
});

test("profileStatus() names an unreadable profile and changes no hash", () => {
  const problem = { reason: "ProfileInvalid", message: "cannot read" } as const;
  const status = statusOf({ problems: [problem], previous: { appliedHash: "h1" } });
  assert.deepEqual([condition(status, "Applied").reason, status.appliedHash], ["ProfileInvalid", "h1"]);
});

const healthy = {
  hasTunDevice: true,
  tunDevice: "/dev/net/tun",
  hasMultiQueue: undefined,
  kernelLimit: undefined,
  kernelSysctlPath: "/proc/sys/net/tuntap/max_queues",
  setAside: [],
};
for (const [reason, facts] of Object.entries({
  TunDeviceMissing: { ...healthy, hasTunDevice: false },
  KernelWithoutMultiQueue: { ...healthy, hasMultiQueue: false },
  KernelLimitBelowTwo: { ...healthy, kernelLimit: 1 },
  StateFileCorrupt: { ...healthy, setAside: ["/var/lib/mqtap/state.json.corrupt-x"] },
})) {
  test(`nodeProblems() finds ${reason}, which degrades the node and fails no profile`, () => {
    const status = statusOf({ problems: nodeProblems(facts) });
    assert.deepEqual([condition(status, "Applied").status, condition(status, "Degraded").reason], ["True", reason]);
  });
}

test("nodeProblems() finds nothing on a healthy node", () => {
  assert.deepEqual(nodeProblems(healthy), []);
  assert.deepEqual(nodeProblems({ ...healthy, kernelLimit: 2, hasMultiQueue: true }), []);
});
