import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { dyingDisk, installerBed } from "../../../test/agent/installer-bed.ts";
import type { Problem } from "../reasons.ts";
import { type SavedKey, withKey } from "../state.ts";
import type { UninstallReport } from "./uninstaller.ts";

const taps: Problem = { reason: "TapsPresent", message: "pods have taps of it" };
const reasons = ({ obstacles }: UninstallReport): readonly string[] => obstacles.map(({ reason }) => reason);

/** A node with policy, plugin, a limit of 4 where 256 was, and node.json. */
async function installedBed() {
  const bed = installerBed();
  await bed.check();
  bed.put("sys/limit", "4\n");
  bed.put("lib/node.json", "{}");
  const key: SavedKey = {
    ...{ bootId: "boot", original: "256", desired: "4", readBack: "4", ours: ["4"] },
    onRemoval: "Restore",
  };
  const { store } = await bed.loadStore();
  await store.change((state) => withKey(state, "limit", key));
  return bed;
}

const round = async (bed: Awaited<ReturnType<typeof installedBed>>, ...more: Parameters<typeof bed.startUninstall>) =>
  await (await bed.startUninstall(...more)).round();

describe("uninstalling", () => {
  test("restores values and removes plugin, policy and the agent's own files, and may be done again", async () => {
    using bed = await installedBed();
    for (const _ of ["once", "again", "after a restart"]) {
      assert.deepEqual(await round(bed), { obstacles: [], left: [], notices: [], hasPlugin: false });
      assert.equal(bed.read("sys/limit"), "256\n");
      assert.deepEqual([bed.list("bin"), bed.list("etc"), bed.list("lib")], [["bridge"], [], []]);
    }
  });

  test("keeps the plugin, its policy and what is known of both while something needs it", async () => {
    using bed = await installedBed();
    const report = await round(bed, { reference: taps });
    assert.deepEqual([reasons(report), report.hasPlugin], [["TapsPresent"], true]);
    assert.equal(bed.read("sys/limit"), "256\n");
    assert.deepEqual(
      [bed.list("bin"), bed.list("etc"), bed.list("lib")],
      [["bridge", "mqtap"], ["policy.json"], ["state.json"]],
    );
    assert.deepEqual((await round(bed)).obstacles, []);
    assert.deepEqual([bed.list("bin"), bed.list("etc"), bed.list("lib")], [["bridge"], [], []]);
  });

  test("leaves a plugin that is not mqtap's and a policy that somebody changed, and says so", async () => {
    using bed = await installedBed();
    rmSync(bed.path("bin/mqtap"));
    bed.put("bin/mqtap", "plugin of somebody");
    bed.put("etc/policy.json", "{}");
    const report = await round(bed);
    assert.deepEqual(report.obstacles, []);
    assert.deepEqual(report.left, ["/bin/mqtap (not mqtap's)", "/etc/policy.json (not as mqtap wrote it)"]);
    assert.equal(bed.read("bin/mqtap"), "plugin of somebody");
    assert.equal(bed.read("etc/policy.json"), "{}");
  });

  test("removes a plugin of an earlier release, a damaged one, and what a killed installer left", async () => {
    for (const text of ["mqtap 0", "\0"]) {
      using bed = await installedBed();
      bed.put("bin/mqtap", text);
      bed.put("bin/.mqtap-install-x", "half");
      assert.deepEqual((await round(bed)).obstacles, []);
      assert.deepEqual(bed.list("bin"), ["bridge"]);
    }
  });

  test("leaves a value that someone else has changed since, and says so once", async () => {
    using bed = await installedBed();
    writeFileSync(bed.path("sys/limit"), "9\n");
    const report = await round(bed);
    assert.equal(report.notices.length, 1);
    assert.match(report.notices[0] ?? "", /left at 9/);
    assert.equal(bed.read("sys/limit"), "9\n");
    assert.deepEqual((await round(bed)).notices, []);
  });

  test("does not take a CNI directory that is not there for one without the plugin", async () => {
    using bed = await installedBed();
    rmSync(bed.path("bin"), { recursive: true });
    assert.deepEqual(reasons(await round(bed)), ["RemovalFailed"]);
    assert.deepEqual(bed.list("etc"), []);
    assert.deepEqual(bed.list("lib"), ["state.json"]);
  });

  test("that is killed before any of its calls is ended by the next one, and never leaves a plugin without policy", async () => {
    for (let at = 1, isKilled = true; isKilled; at++) {
      using bed = await installedBed();
      const dying = dyingDisk(at);
      await round(bed, { disk: dying.disk });
      isKilled = dying.calls() >= at;
      assert.ok(!bed.list("bin").includes("mqtap") || bed.list("etc").includes("policy.json"), `before call ${at}`);
      assert.equal(readFileSync(bed.path("sys/limit"), "utf8"), "256\n");
      assert.deepEqual((await round(bed)).obstacles, [], `before call ${at}`);
      assert.deepEqual([bed.list("bin"), bed.list("etc"), bed.list("lib")], [["bridge"], [], []]);
    }
  });
});
