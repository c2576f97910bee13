import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { describe, it } from "node:test";
import { root } from "./paths.mjs";
import { runSteps, suiteArgvs, suiteNames } from "./test-steps.mjs";

const said = async (steps) => {
  const lines = [];
  let ms = 0;
  const now = () => {
    ms += 30_000;
    return ms;
  };
  const status = await runSteps(steps, { now, say: (text) => lines.push(text) });
  return { status, table: lines.at(-1).trim().split("\n"), lines };
};

describe("runSteps()", () => {
  it("runs all steps and ends with the table of their times", async () => {
    const { status, table } = await said([
      { name: "check", run: () => 0 },
      { name: "build", run: async () => undefined },
    ]);
    assert.equal(status, 0);
    assert.deepEqual(table, ["step   time  result", "check  30 s  ok", "build  30 s  ok"]);
  });

  it("stops at the first step that fails, keeps its status and still prints the table", async () => {
    const { status, table } = await said([
      { name: "unit", run: () => 7 },
      { name: "e2e", run: () => assert.fail("must not run") },
    ]);
    assert.equal(status, 7);
    assert.deepEqual(table, ["step  time  result", "unit  30 s  failed", "e2e         not run"]);
  });

  it("tells why a step threw", async () => {
    const { status, lines } = await said([{ name: "build", run: () => Promise.reject(new Error("no gcc")) }]);
    assert.equal(status, 1);
    assert.ok(lines.includes("\nno gcc"));
  });
});

describe("suiteArgvs()", () => {
  it("names each test file of the repository once, over all suites", () => {
    const globs = suiteNames.flatMap((name) => suiteArgvs(name)).flatMap((argv) => argv.filter(isGlob));
    const named = globs.flatMap((glob) => globSync(glob, { cwd: root })).sort();
    const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.test.ts", "*.test.mjs"], {
      cwd: root,
      encoding: "utf8",
    });
    assert.deepEqual(named, files.trim().split("\n").sort());
  });
});

function isGlob(word) {
  return word.includes(".test.");
}
