import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseBuildInfo } from "./go-components.ts";

describe("parseBuildInfo()", () => {
  test("reads Go's version and the modules, a replaced one as what was taken in its place", () => {
    const said = [
      "dist/shim: go1.26.8",
      "\tpath\tkubevirt.io/kubevirt/cmd/sidecars",
      "\tmod\tkubevirt.io/kubevirt\tv1.9.0\th1:aa=",
      "\tdep\tgithub.com/google/uuid\tv1.6.0\th1:bb=",
      "\tdep\tk8s.io/api\tv0.34.3",
      "\t=>\tk8s.io/api\tv0.34.2\th1:cc=",
      "\t",
      "\tbuild\t-trimpath=true",
      "\tbuild\tGOOS=linux",
    ];
    assert.deepEqual(parseBuildInfo(said.join("\n")), {
      goVersion: "1.26.8",
      modules: [
        { path: "kubevirt.io/kubevirt", version: "v1.9.0" },
        { path: "github.com/google/uuid", version: "v1.6.0" },
        { path: "k8s.io/api", version: "v0.34.2" },
      ],
    });
  });

  test("refuses what no Go program says", () => {
    assert.throws(() => parseBuildInfo("dist/mqtap: not a Go executable"), /cannot read what go says/);
  });
});
