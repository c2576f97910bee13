import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkMachine, checkToolchains, isAtLeast, toolchainEnvironment } from "./prerequisites.mjs";

const machine = { uid: 1000, platform: "linux", arch: "x64", command: "npm start" };

describe("checkMachine()", () => {
  it("asks for root at once, with the command", () => {
    const needsRoot = "the demo makes tap devices";
    assert.throws(() => checkMachine({ ...machine, needsRoot }), /so root is needed: sudo npm start$/);
    checkMachine({ ...machine, needsRoot, uid: 0 });
  });

  it("asks nothing of a command that needs no root", () => checkMachine(machine));

  it("names a platform it cannot run on", () => {
    assert.throws(() => checkMachine({ ...machine, platform: "darwin", arch: "arm64" }), /darwin on arm64/);
  });
});

describe("isAtLeast()", () => {
  const cases = {
    "1.26.8 1.26": true,
    "1.26 1.26.1": false,
    "1.9 1.26": false,
    "2.0 1.26": true,
    "1.100.0 1.95": true,
  };
  for (const [versions, expected] of Object.entries(cases)) {
    const [found, minimum] = versions.split(" ");
    it(`is ${expected} for ${found} where ${minimum} is needed`, () =>
      assert.equal(isAtLeast(found, minimum), expected));
  }
});

it("checkToolchains() tells all that is missing or too old, each with the command that installs it", () => {
  using home = makeHome();
  home.program("bin/go", "echo go1.19.8");
  home.program("bin/gcc", "echo 12");
  const lines = (error) => {
    const [go, rustc, cargo, ...others] = error.message.split("\n");
    assert.match(go, /^go is 1\.19\.8, needed is 1\.26 or later: curl /);
    assert.match(rustc, /^rustc is missing: curl /);
    assert.match(cargo, /^cargo is missing: rustup /);
    assert.deepEqual(others, []);
    return true;
  };
  assert.throws(() => checkToolchains({ PATH: `${join(home.path, "bin")}:/bin/none` }), lines);
});

describe("toolchainEnvironment()", () => {
  it("finds rustup's toolchains by the place of its proxies when HOME is another", () => {
    using home = makeHome();
    home.program(".cargo/bin/rustup", "true");
    symlinkSync("rustup", join(home.path, ".cargo/bin/cargo"));
    mkdirSync(join(home.path, ".rustup"));
    const env = toolchainEnvironment({ HOME: "/nowhere", PATH: join(home.path, ".cargo/bin") }, "/nowhere");
    assert.equal(env.RUSTUP_HOME, join(home.path, ".rustup"));
    assert.equal(env.HOME, "/nowhere");
  });

  it("leaves RUSTUP_HOME as it is set", () => {
    assert.equal(toolchainEnvironment({ HOME: "/x", PATH: "", RUSTUP_HOME: "/r" }, "/x").RUSTUP_HOME, "/r");
  });

  it("gives a HOME where none is set, as Go's caches need one", () => {
    assert.equal(toolchainEnvironment({ PATH: "" }, "/login").HOME, "/login");
  });
});

function makeHome() {
  const path = mkdtempSync(join(tmpdir(), "mqtap-home-"));
  return {
    path,
    program: (name, script) => {
      const file = join(path, name);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}
