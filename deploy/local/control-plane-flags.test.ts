import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apiServerArgv, etcdArgv } from "./control-plane-flags.ts";

const layout = { binDir: "/bin", directory: "/d", etcdPort: 1, etcdPeerPort: 2, apiPort: 3 };

describe("the control plane's command lines", () => {
  it("listen on loopback only", () => {
    const listening = [...etcdArgv(layout), ...apiServerArgv(layout)].filter((flag) => /listen|bind/.test(flag));
    assert.equal(listening.length, 3);
    for (const flag of listening) assert.match(flag, /=(http:\/\/)?127\.0\.0\.1/);
  });

  it("serve nodes by the address they are given, with kubelets kept to their own node", () => {
    const argv = apiServerArgv({ ...layout, address: "10.0.0.1" });
    assert.ok(argv.includes("--advertise-address=10.0.0.1"));
    assert.ok(argv.includes("--enable-admission-plugins=NodeRestriction"));
    assert.ok(!argv.includes("--endpoint-reconciler-type=none"));
  });

  it("keep every file in the one directory", () => {
    const files = [...etcdArgv(layout), ...apiServerArgv(layout)].filter((flag) => /=\//.test(flag));
    assert.equal(files.length, 5);
    for (const flag of files) assert.match(flag, /=\/d\//);
  });
});
