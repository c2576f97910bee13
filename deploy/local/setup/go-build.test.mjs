import assert from "node:assert/strict";
import { it } from "node:test";
import { countCompiled, defaultProgramName, downloadedTo, overlayOf } from "./go-build.mjs";

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

it("overlayOf() lays each file over the folder of the same file name", () => {
  const overlay = {
    folder: "crds/components",
    module: "example.org/m",
    from: "pkg/components",
    files: ["a.go", "b.go"],
  };
  assert.deepEqual(overlayOf({ overlay, source: "/src", moduleDirectory: "/mod/m@v1.0.0" }), {
    Replace: {
      "/src/crds/components/a.go": "/mod/m@v1.0.0/pkg/components/a.go",
      "/src/crds/components/b.go": "/mod/m@v1.0.0/pkg/components/b.go",
    },
  });
});

it("downloadedTo() finds the folder among what go prints, and says so when there is none", () => {
  const lines = [
    "go: downloading example.org/m v1.0.0",
    "{",
    '\t"Path": "example.org/m",',
    '\t"Dir": "/mod/m@v1.0.0",',
    "}",
  ];
  assert.equal(downloadedTo(lines), "/mod/m@v1.0.0");
  assert.throws(() => downloadedTo(["{", '\t"Error": "no such module"', "}"]), /no such module/);
});
