import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { renderMountScript } from "./demo-node-mounts.ts";

const kept = (keep: readonly string[]): readonly string[] =>
  renderMountScript(keep)
    .split("\n")
    .filter((line) => line.startsWith("exec ") && line.includes("<'"));

const cases: Readonly<Record<string, { readonly keep: readonly string[]; readonly expected: readonly string[] }>> = {
  "binds nothing back when nothing needed is hidden": { keep: ["/home/me/mqtap", "/tmp"], expected: [] },
  "binds a checkout below /var/lib back": {
    keep: ["/var/lib/ci/mqtap", "/tmp"],
    expected: ["exec 3</var/lib/ci/mqtap"],
  },
  "binds the outermost of nested directories only": {
    keep: ["/run/user/0/x/y", "/run/user/0/x", "/run/user/0/x"],
    expected: ["exec 3</run/user/0/x"],
  },
  "keeps directories apart whose names only begin alike": { keep: ["/var/library", "/running"], expected: [] },
};

describe("renderMountScript()", () => {
  for (const [sentence, { keep, expected }] of Object.entries(cases)) {
    it(sentence, () => {
      assert.deepEqual(
        kept(keep).map((line) => line.replaceAll("'", "")),
        expected,
      );
    });
  }

  it("gives a script that sh can parse, whatever the path", () => {
    const script = renderMountScript(['/var/lib/it\'s $(a) "path"']);
    execFileSync("sh", ["-n", "-c", script]);
  });

  it("refuses more directories than sh has descriptors", () => {
    const keep = Array.from({ length: 8 }, (_, index) => `/run/${index}`);
    assert.throws(() => renderMountScript(keep), RangeError);
  });
});
