import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNodeNetworkProfileStatus } from "../../../crds/node-network-profile.ts";
import { uninstallStatus } from "./uninstall-status.ts";
import type { UninstallReport } from "./uninstaller.ts";

const clean: UninstallReport = { obstacles: [], left: [], notices: [], hasPlugin: false };

function statusOf(report: Partial<UninstallReport>, previous = {}) {
  const situation = { generation: 3, bootId: "b", previous, now: new Date("2026-11-29T10:00:00Z") };
  return uninstallStatus({ ...situation, report: { ...clean, ...report } });
}

const summary = (status: ReturnType<typeof statusOf>) =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: value, reason }) => [type, `${value} ${reason}`]));

test("uninstallStatus() says that nothing is left", () => {
  const status = statusOf({ left: ["/opt/cni/bin/mqtap (not mqtap's)"] });
  assert.deepEqual(summary(status), {
    Applied: "False UninstallMode",
    PluginInstalled: "False Uninstalled",
    Degraded: "False AsExpected",
    Uninstalled: "True Uninstalled",
  });
  assert.match(status.conditions?.at(-1)?.message ?? "", /left as they are: \/opt\/cni\/bin\/mqtap/);
  assert.deepEqual(parseNodeNetworkProfileStatus(JSON.parse(JSON.stringify(status))), status);
});

test("uninstallStatus() does not call a plugin degraded that is still needed", () => {
  assert.deepEqual(summary(statusOf({ obstacles: [{ reason: "NetworksRefer", message: "m" }], hasPlugin: true })), {
    Applied: "False UninstallMode",
    PluginInstalled: "True StillNeeded",
    Degraded: "False AsExpected",
    Uninstalled: "False NetworksRefer",
  });
});

test("uninstallStatus() puts what failed before what is still needed", () => {
  const obstacles = [
    { reason: "TapsPresent", message: "taps" },
    { reason: "RestoreFailed", message: "value" },
  ] as const;
  const status = statusOf({ obstacles, hasPlugin: true });
  assert.deepEqual(
    [summary(status)["Degraded"], summary(status)["Uninstalled"]],
    ["True RestoreFailed", "False RestoreFailed"],
  );
  assert.equal(status.conditions?.find(({ type }) => type === "Uninstalled")?.message, "value; taps");
});

test("uninstallStatus() is equal for equal reports, whatever the time, and forgets what was applied", () => {
  const first = statusOf({}, { tuntap: { maxQueues: 4 }, appliedHash: "h", overLimit: 1 });
  assert.deepEqual(Object.keys(first), ["observedGeneration", "bootID", "conditions"]);
  assert.deepEqual(statusOf({}, first), first);
});
