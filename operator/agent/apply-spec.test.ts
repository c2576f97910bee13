import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeNetworkProfileSpec, SysctlState } from "../../crds/node-network-profile.ts";
import { applySpec } from "./apply-spec.ts";
import { advisoryBackend } from "./backends/advisory.ts";
import { createSysctlBackend } from "./backends/sysctl.ts";
import type { WantedKey } from "./desired.ts";
import type { KeyReport } from "./sysctl-keeper.ts";

const tuntapSysctl = "net/tuntap/max_queues";

function specOf(part: Partial<NodeNetworkProfileSpec>): NodeNetworkProfileSpec {
  return { sysctls: [], sources: [], hash: "h", ...part };
}
const tuntap = (enforcement: "Advisory" | "BestEffort" | "Required") => ({
  tuntap: { maxQueues: 4, enforcement, onRemoval: "Restore" as const },
});

/** Takes down what it was asked for; answers with a state for each file, Applied unless told. */
function bed(states: Record<string, SysctlState>, savedFiles: readonly string[] = []) {
  const asked: [string, string | undefined][] = [];
  const keeper = {
    keep(file: string, wanted: WantedKey | undefined): Promise<KeyReport> {
      asked.push([file, wanted?.value]);
      const state = wanted === undefined ? undefined : (states[file] ?? "Applied");
      const problem = state === "Failed" ? ({ reason: "ValueRefused", message: file } as const) : undefined;
      const report = { file, desired: wanted?.value, observed: wanted?.value, original: "256", state, problem };
      return Promise.resolve({ ...report, notice: undefined });
    },
  };
  const backends = [createSysctlBackend(keeper, tuntapSysctl), advisoryBackend];
  const run = (spec: NodeNetworkProfileSpec) => applySpec({ spec, backends, keeper, savedFiles, tuntapSysctl });
  return { run, asked };
}

for (const [sentence, { enforcement, states, enforcedBy, reasons }] of Object.entries({
  "the sysctl holds where the kernel has one": {
    enforcement: "BestEffort" as const,
    states: {},
    enforcedBy: "Sysctl",
    reasons: [],
  },
  "else the limit is advisory": {
    enforcement: "BestEffort" as const,
    states: { [tuntapSysctl]: "Unsupported" as const },
    enforcedBy: "Advisory",
    reasons: [],
  },
  "a sysctl that fails holds nothing": {
    enforcement: "BestEffort" as const,
    states: { [tuntapSysctl]: "Failed" as const },
    enforcedBy: "Advisory",
    reasons: ["ValueRefused"],
  },
  "Required is not met by advice": {
    enforcement: "Required" as const,
    states: { [tuntapSysctl]: "Unsupported" as const },
    enforcedBy: "Advisory",
    reasons: ["EnforcementUnavailable"],
  },
  "Required is met by the sysctl": {
    enforcement: "Required" as const,
    states: {},
    enforcedBy: "Sysctl",
    reasons: [],
  },
})) {
  test(`applySpec(): ${sentence}`, async () => {
    const report = await bed(states).run(specOf(tuntap(enforcement)));
    assert.equal(report.enforcedBy, enforcedBy);
    assert.deepEqual(
      report.problems.map(({ reason }) => reason),
      reasons,
    );
  });
}

test("applySpec() with enforcement Advisory asks the kernel for nothing, and takes back what it had", async () => {
  const { run, asked } = bed({}, [tuntapSysctl]);
  const report = await run(specOf(tuntap("Advisory")));
  assert.equal(report.enforcedBy, "Advisory");
  assert.deepEqual(asked, [[tuntapSysctl, undefined]]);
});

test("applySpec() of an empty spec holds nothing and gives back every key", async () => {
  const { run, asked } = bed({}, [tuntapSysctl, "net/core/netdev_budget"]);
  const report = await run(specOf({}));
  assert.equal(report.enforcedBy, undefined);
  assert.deepEqual(asked, [
    [tuntapSysctl, undefined],
    ["net/core/netdev_budget", undefined],
  ]);
});

test("applySpec() sets companions by name, and refuses names outside its own list", async () => {
  const { run, asked } = bed({});
  const sysctls = ["net.core.netdev_budget", "net.core.somaxconn"].map((name) => ({
    name,
    value: "600",
    onRemoval: "Restore" as const,
  }));
  const report = await run(specOf({ sysctls }));
  assert.deepEqual(asked.slice(1), [["net/core/netdev_budget", "600"]]);
  assert.deepEqual(
    report.sysctls.map(({ name, state }) => [name, state]),
    [
      ["net.core.netdev_budget", "Applied"],
      ["net.core.somaxconn", "Failed"],
    ],
  );
  assert.equal(report.problems[0]?.reason, "KeyNotAllowed");
});
