import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { componentGroups, componentKey, linkerFlags, pinnedVersion, readSources } from "./components.mjs";
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
    "a Go file of ours": { sources: ["main.go\0package main"] },
    "files laid over ours": { group: { ...componentGroups.cni, overlay: componentGroups.kubevirt.overlay } },
    "a version that the linker sets": { group: { ...componentGroups.cni, versions: { "main.version": "m" } } },
    "how C is compiled": { group: { ...componentGroups.cni, cgo: componentGroups.runc.cgo } },
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

it("linkerFlags() give the version that kube-apiserver reports, and others after it", () => {
  const flags = linkerFlags("1.37.2");
  assert.match(flags, /version\.gitVersion=v1\.37\.2 .*gitMajor=1 .*gitMinor=37$/);
  assert.equal(linkerFlags("1.37.2", { "main.version": "1.5.2" }), `${flags} -X main.version=1.5.2`);
});

it("readSources() gives our Go files with their folders, but not the list of tools", () => {
  const files = readSources(join(root, "test/kubevirt-peer")).map((file) => file.split("\0")[0]);
  assert.ok(files.includes("main.go") && files.includes("crds/main.go"), files.join());
  assert.ok(!files.includes("tools.go"));
  assert.deepEqual(readSources(source), []);
});

describe("every program of others that is built is pinned as a tool, and the other way round", () => {
  const groups = Object.values(componentGroups);
  for (const [module, ofModule] of Object.entries(Object.groupBy(groups, (group) => group.module))) {
    it(`in ${module}`, () => {
      const tools = readFileSync(join(root, module, "tools.go"), "utf8").match(/(?<=_ ")[^"]+/g);
      const [, ours] = readFileSync(join(root, module, "go.mod"), "utf8").match(/^module (\S+)/);
      const isOurs = (goPackage) => goPackage === ours || goPackage.startsWith(`${ours}/`);
      const built = ofModule.flatMap(({ programs }) => Object.values(programs)).filter((name) => !isOurs(name));
      assert.deepEqual(built.toSorted(), tools.toSorted());
    });
  }
});

it("no two groups have a program of the same name, as all are linked into one directory", () => {
  const names = Object.values(componentGroups).flatMap(({ programs }) => Object.keys(programs));
  assert.deepEqual(names, [...new Set(names)]);
});
