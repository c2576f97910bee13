import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { componentGroups, componentKey, linkerFlags, pinnedVersion } from "./components.mjs";
import { root } from "./paths.mjs";

const source = join(root, "deploy/local/components");
const goMod = readFileSync(join(source, "go.mod"), "utf8");
const facts = { goMod, goSum: "sum", goVersion: "go1.26.8", arch: "amd64", group: componentGroups.cni };

describe("componentKey()", () => {
  const changes = {
    "go.mod": { goMod: `${goMod}\n` },
    "go.sum": { goSum: "other" },
    "Go's version": { goVersion: "go1.26.9" },
    "the architecture": { arch: "arm64" },
    "the programs": { group: componentGroups["control-plane"] },
    "what belongs to which file": { goMod: `${goMod}s`, goSum: "um" },
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`changes with ${what}`, () => assert.notEqual(componentKey({ ...facts, ...change }), componentKey(facts)));
  }
});

it("pinnedVersion() reads the version of a module, and refuses one that is not pinned", () => {
  assert.match(pinnedVersion(goMod, "k8s.io/kubernetes"), /^1\.\d+\.\d+$/);
  assert.throws(() => pinnedVersion(goMod, "k8s.io/kube"), TypeError);
});

it("linkerFlags() give the version that kube-apiserver reports", () => {
  const flags = linkerFlags("1.37.2");
  assert.match(flags, /version\.gitVersion=v1\.37\.2 .*gitMajor=1 .*gitMinor=37$/);
});

it("every program that is built is pinned as a tool, and the other way round", () => {
  const tools = readFileSync(join(source, "tools.go"), "utf8").match(/(?<=_ ")[^"]+/g);
  const built = Object.values(componentGroups).flatMap(({ programs }) => Object.values(programs));
  assert.deepEqual(built.toSorted(), tools.toSorted());
});
