import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { describe, test } from "node:test";
import { installerBed } from "../../../test/agent/installer-bed.ts";
import type { Installation } from "./installer.ts";

const reasons = ({ problems }: Installation): readonly string[] => problems.map(({ reason }) => reason);
const own = '{"owners":[107,1000]}\n';

describe("the policy on the host", () => {
  test("is what the agent is given, and follows it", async () => {
    using bed = installerBed();
    bed.put("app/policy.json", own);
    const policySource = bed.path("app/policy.json");
    const installer = await bed.start({ policySource });
    await installer.check();
    assert.equal(bed.read("etc/policy.json"), own);
    bed.put("app/policy.json", '{"owners":[107]}');
    await installer.check();
    assert.equal(bed.read("etc/policy.json"), '{"owners":[107]}');
    assert.deepEqual(
      bed.done.filter(({ what }) => what === "policy").map(({ why }) => why),
      ["installed", "replaced"],
    );
    assert.deepEqual(installer.installation?.problems, []);
  });

  test("keeps what it has while the agent's own cannot be used, and a node without one gets no plugin", async () => {
    using bed = installerBed();
    bed.put("app/policy.json", '{"owners":"nobody"}');
    const policySource = bed.path("app/policy.json");
    const found = await bed.check({ policySource });
    assert.deepEqual([found.isCurrent, reasons(found)], [false, ["PolicyInvalid"]]);
    assert.match(found.problems[0]?.message ?? "", /"owners": "nobody": use an array of user ids/);
    assert.deepEqual([bed.list("bin"), bed.list("etc")], [["bridge"], []]);
    await bed.check();
    const later = await bed.check({ policySource });
    assert.deepEqual([later.isCurrent, reasons(later)], [true, ["PolicyInvalid"]]);
    assert.deepEqual(JSON.parse(bed.read("etc/policy.json")).owners, [107]);
  });

  test("that somebody changes or removes is put back", async () => {
    using bed = installerBed();
    const installer = await bed.start();
    await installer.check();
    const wanted = bed.read("etc/policy.json");
    bed.put("etc/policy.json", '{"owners":"any"}');
    await installer.check();
    assert.equal(bed.read("etc/policy.json"), wanted);
    rmSync(bed.path("etc/policy.json"));
    await installer.check();
    assert.equal(bed.read("etc/policy.json"), wanted);
    assert.deepEqual(bed.done.map(({ why }) => why).slice(2), ["repaired", "repaired"]);
  });

  test("that somebody keeps changing is left to them after three rounds, with a message", async () => {
    using bed = installerBed();
    const installer = await bed.start();
    await installer.check();
    for (const uid of [1, 2, 3, 4]) {
      bed.put("etc/policy.json", `{"owners":[${uid}]}`);
      await installer.check();
    }
    assert.ok(installer.installation !== undefined);
    assert.deepEqual([installer.installation.isCurrent, reasons(installer.installation)], [true, ["PolicyContested"]]);
    assert.equal(bed.read("etc/policy.json"), '{"owners":[4]}');
  });

  test("that was there before mqtap stays, unless it says the same", async () => {
    using bed = installerBed();
    bed.put("etc/policy.json", own);
    const found = await bed.check();
    assert.deepEqual([found.isCurrent, reasons(found)], [true, ["PolicyForeign"]]);
    assert.equal(bed.read("etc/policy.json"), own);
    bed.put("app/policy.json", '{"owners": [107, 1000]}');
    assert.deepEqual(reasons(await bed.check({ policySource: bed.path("app/policy.json") })), []);
    assert.equal(bed.read("etc/policy.json"), own);
  });

  test("that is no file stays, and is reported", async () => {
    using bed = installerBed();
    mkdirSync(bed.path("etc/policy.json"));
    assert.deepEqual(reasons(await bed.check()), ["PolicyForeign"]);
    assert.deepEqual(bed.list("etc"), ["policy.json"]);
  });

  test("is no concern of an agent that is told to leave it", async () => {
    using bed = installerBed();
    assert.equal((await bed.check({ policyPath: undefined })).isCurrent, true);
    assert.deepEqual(bed.list("etc"), []);
  });

  test("that cannot be written keeps the plugin from a node that has no policy", async () => {
    using bed = installerBed();
    rmSync(bed.path("etc"), { recursive: true });
    const found = await bed.check();
    assert.deepEqual([found.isCurrent, reasons(found)], [false, ["PolicyNotWritten"]]);
    assert.deepEqual(bed.list("bin"), ["bridge"]);
  });
});
