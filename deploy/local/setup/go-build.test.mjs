import assert from "node:assert/strict";
import { it } from "node:test";
import { countCompiled, defaultProgramName } from "./go-build.mjs";

it("defaultProgramName() skips the version at the end of a module's path", () => {
  assert.equal(defaultProgramName("go.etcd.io/etcd/server/v3"), "server");
  assert.equal(defaultProgramName("k8s.io/kubernetes/cmd/kubectl"), "kubectl");
});

it("countCompiled() counts packages, once each, and nothing else that go prints", () => {
  const told = [];
  const count = countCompiled(9, (text) => told.push(text));
  for (const line of ["go: downloading k8s.io/api v0.37.2", "bytes", "k8s.io/api/core/v1", "bytes", "# k8s.io/x"])
    count(line);
  assert.equal(told.at(-1), "2 of 9 packages");
});
