import assert from "node:assert/strict";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { dyingDisk, installerBed } from "../../../test/agent/installer-bed.ts";
import { realDisk } from "./disk.ts";
import type { Installation } from "./installer.ts";

const reasons = ({ problems }: Installation): readonly string[] => problems.map(({ reason }) => reason);
const messages = ({ problems }: Installation): string => problems.map(({ message }) => message).join("; ");

describe("an installer", () => {
  test("puts the policy and the plugin on a host that has neither, and nothing else", async () => {
    using bed = installerBed();
    assert.deepEqual(await bed.check(), { isCurrent: true, sha256: bed.sha256("mqtap 1"), problems: [] });
    assert.deepEqual([bed.list("bin"), bed.list("etc")], [["bridge", "mqtap"], ["policy.json"]]);
    assert.equal(bed.read("bin/mqtap"), "mqtap 1");
    assert.deepEqual([bed.mode("bin/mqtap"), bed.mode("etc/policy.json")], [0o755, 0o644]);
    assert.deepEqual(JSON.parse(bed.read("etc/policy.json")).owners, [107]);
    assert.deepEqual(
      bed.done.map(({ what, why }) => [what, why]),
      [
        ["policy", "installed"],
        ["plugin", "installed"],
      ],
    );
  });

  for (const [what, text] of Object.entries({ newer: "mqtap 2", older: "mqtap 0" })) {
    test(`replaces its own plugin by a ${what} one, also after a restart`, async () => {
      using bed = installerBed();
      await bed.check();
      bed.put("app/mqtap", text);
      assert.deepEqual(await bed.check(), { isCurrent: true, sha256: bed.sha256(text), problems: [] });
      assert.equal(bed.read("bin/mqtap"), text);
      assert.equal(bed.done.at(-1)?.why, "replaced");
    });
  }

  test("takes over an mqtap whose record is lost, and one of another release", async () => {
    using bed = installerBed();
    bed.put("bin/mqtap", "mqtap 1");
    assert.equal((await bed.check()).isCurrent, true);
    assert.deepEqual(
      bed.done.map(({ what }) => what),
      ["policy"],
    );
    rmSync(bed.path("lib/state.json"));
    bed.put("bin/mqtap", "mqtap 7");
    assert.equal((await bed.check()).isCurrent, true);
    assert.equal(bed.read("bin/mqtap"), "mqtap 1");
  });

  for (const [damage, harm] of Object.entries<(bed: ReturnType<typeof installerBed>) => void>({
    deleted: (bed) => rmSync(bed.path("bin/mqtap")),
    "cut short": (bed) => bed.put("bin/mqtap", ""),
    "overwritten in place": (bed) => bed.put("bin/mqtap", "\0\0\0"),
    "not executable any more": (bed) => chmodSync(bed.path("bin/mqtap"), 0o644),
  })) {
    test(`repairs a plugin that is ${damage}, and says so`, async () => {
      using bed = installerBed();
      const installer = await bed.start();
      await installer.check();
      harm(bed);
      await installer.check();
      assert.equal(installer.installation?.isCurrent, true);
      assert.deepEqual([bed.read("bin/mqtap"), bed.mode("bin/mqtap")], ["mqtap 1", 0o755]);
      assert.deepEqual([bed.done.at(-1)?.what, bed.done.at(-1)?.why], ["plugin", "repaired"]);
    });
  }

  for (const [what, make] of Object.entries<(bed: ReturnType<typeof installerBed>) => void>({
    "another plugin": (bed) => bed.put("bin/mqtap", "plugin of somebody"),
    "a script": (bed) => bed.put("bin/mqtap", "#!/bin/sh\n"),
    "something that does not run": (bed) => bed.put("bin/mqtap", "what is this"),
    "a directory": (bed) => mkdirSync(bed.path("bin/mqtap")),
    "a link, even to an mqtap": (bed) => symlinkSync(bed.path("app/mqtap"), bed.path("bin/mqtap")),
  })) {
    test(`leaves ${what} alone and reports it, before and after it had installed its own`, async () => {
      using bed = installerBed();
      make(bed);
      const before = bed.list("bin");
      const first = await bed.check();
      assert.deepEqual([first.isCurrent, reasons(first)], [false, ["ForeignFile"]]);
      assert.match(messages(first), /^\/bin\/mqtap is .* remove it from the node/);
      rmSync(bed.path("bin/mqtap"), { recursive: true });
      assert.equal((await bed.check()).isCurrent, true);
      rmSync(bed.path("bin/mqtap"));
      make(bed);
      assert.deepEqual(reasons(await bed.check()), ["ForeignFile"]);
      assert.deepEqual(bed.list("bin"), before);
    });
  }

  test("does not take a script that was copied over its own file for damage", async () => {
    using bed = installerBed();
    await bed.check();
    bed.put("bin/mqtap", "#!/bin/sh\n");
    assert.deepEqual(reasons(await bed.check()), ["ForeignFile"]);
    assert.equal(bed.read("bin/mqtap"), "#!/bin/sh\n");
  });

  test("gives way to another installer after three rounds, and names both releases", async () => {
    using bed = installerBed();
    const installer = await bed.start();
    await installer.check();
    for (let round = 0; round < 3; round++) {
      bed.put("bin/other", "mqtap 9");
      renameSync(bed.path("bin/other"), bed.path("bin/mqtap"));
      await installer.check();
      assert.equal(bed.read("bin/mqtap"), "mqtap 1");
    }
    bed.put("bin/other", "mqtap 9");
    renameSync(bed.path("bin/other"), bed.path("bin/mqtap"));
    await installer.check();
    assert.ok(installer.installation !== undefined);
    assert.deepEqual([installer.installation.isCurrent, reasons(installer.installation)], [false, ["Contested"]]);
    assert.match(messages(installer.installation), new RegExp(bed.sha256("mqtap 9").slice(0, 12)));
    assert.equal(bed.read("bin/mqtap"), "mqtap 9");
  });

  test("keeps an earlier plugin where its own does not run, and leaves no file behind", async () => {
    using bed = installerBed();
    await bed.check();
    bed.put("app/mqtap", "for another machine");
    const found = await bed.check();
    assert.deepEqual(
      [found.isCurrent, found.sha256, reasons(found)],
      [false, bed.sha256("mqtap 1"), ["HostIncompatible"]],
    );
    assert.match(messages(found), /ENOEXEC; the earlier sha256 \w{12} stays/);
    assert.deepEqual([bed.read("bin/mqtap"), bed.list("bin")], ["mqtap 1", ["bridge", "mqtap"]]);
  });

  test("reports a CNI directory that is not there, one without other plugins, and an image without a plugin", async () => {
    using bed = installerBed();
    rmSync(bed.path("bin/bridge"));
    const alone = await bed.check();
    assert.deepEqual([alone.isCurrent, reasons(alone)], [true, ["DirectoryWithoutPlugins"]]);
    rmSync(bed.path("app/mqtap"));
    assert.deepEqual(reasons(await bed.check()), ["PluginSourceMissing"]);
    rmSync(bed.path("bin"), { recursive: true });
    const missing = await bed.check();
    assert.deepEqual(reasons(missing), ["DirectoryMissing"]);
    assert.match(messages(missing), /^\/bin is not there.*--cni-bin-dir/);
  });

  test("does not count what it could not do as somebody's doing, and says the same each time", async () => {
    using bed = installerBed();
    await bed.check();
    rmSync(bed.path("bin/mqtap"));
    const refuse = (): Promise<never> =>
      Promise.reject(Object.assign(new Error("ENOSPC: no space left on device, copyfile 'x'"), { code: "ENOSPC" }));
    const disk = { ...realDisk, copy: refuse };
    const installer = await bed.start({ disk });
    const said = new Set<string>();
    for (let round = 0; round < 40; round++) {
      await installer.check();
      assert.ok(installer.installation !== undefined);
      assert.deepEqual(reasons(installer.installation), ["DiskFull"]);
      said.add(messages(installer.installation));
    }
    assert.deepEqual(
      [...said],
      ["cannot write /bin/mqtap: ENOSPC: no space left on device; this node has no plugin. Make room on this node"],
    );
  });

  test("looks at nothing but stamps while nothing changes", async () => {
    using bed = installerBed();
    const { disk, calls } = dyingDisk(Number.POSITIVE_INFINITY);
    const installer = await bed.start({ disk });
    await installer.check();
    const before = calls();
    await installer.check();
    assert.equal(calls() - before, 4);
  });
});

describe("an installer that is killed before any of its calls", () => {
  const situations: Record<string, (bed: ReturnType<typeof installerBed>) => Promise<unknown>> = {
    "on an empty host": async () => undefined,
    "over an earlier release": async (bed) => {
      bed.put("app/mqtap", "mqtap 0");
      await bed.check();
      bed.put("app/mqtap", "mqtap 1");
    },
    "over a damaged one": async (bed) => {
      await bed.check();
      bed.put("bin/mqtap", "\0");
    },
  };
  for (const [situation, prepare] of Object.entries(situations)) {
    test(`${situation} leaves the old plugin or the new one, and the next one ends with nothing left over`, async () => {
      for (let at = 1, isKilled = true; isKilled; at++) {
        using bed = installerBed();
        await prepare(bed);
        const before = pluginOf(bed);
        const dying = dyingDisk(at);
        await (await bed.start({ disk: dying.disk })).check();
        isKilled = dying.calls() >= at;
        const after = pluginOf(bed);
        assert.ok(after === before || after === "mqtap 1", `before call ${at}: ${after}`);
        assert.ok(after !== "mqtap 1" || bed.list("etc").includes("policy.json"), "the policy comes first");
        if (at % 2 === 0) bed.put("app/mqtap", "mqtap 2");
        assert.equal((await bed.check()).isCurrent, true, `before call ${at}`);
        assert.equal(pluginOf(bed), bed.read("app/mqtap"));
        assert.deepEqual([bed.list("bin"), bed.list("etc")], [["bridge", "mqtap"], ["policy.json"]]);
      }
    });
  }
});

function pluginOf(bed: ReturnType<typeof installerBed>): string | undefined {
  return bed.list("bin").includes("mqtap") ? bed.read("bin/mqtap") : undefined;
}
