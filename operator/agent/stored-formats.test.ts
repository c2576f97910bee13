// What earlier releases left on nodes and in clusters is read by this one, every value of it. The files in test/testdata/stored
// are never changed: a release that stores something new adds one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readNodeLimit } from "../../cni/sizing/node-limit.ts";
import { formatAlias, parseAlias } from "../../cni/tap/alias.ts";
import { FakeSyscalls } from "../../test/fakes/fake-syscalls.ts";
import { observeProfile } from "./observed-profile.ts";
import { parseState } from "./state.ts";

const stored = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../test/testdata/stored", name), "utf8");

for (const name of ["state-of-the-first-release.json", "state-with-an-installed-plugin.json"]) {
  test(`${name} is read and written again without a loss`, () => {
    const text = stored(name);
    assert.deepEqual(parseState(text), JSON.parse(text));
  });
}

test("a stored profile is read with all of its spec and status", () => {
  const { metadata, spec, status } = JSON.parse(stored("profile.json"));
  const { uid, generation } = metadata;
  assert.deepEqual(observeProfile(JSON.parse(stored("profile.json"))), {
    name: "worker-1",
    uid,
    generation,
    spec,
    status,
  });
});

test("node.json of an earlier agent limits the plugin of this release", () => {
  const sys = new FakeSyscalls();
  sys.files.set("/var/lib/mqtap/node.json", stored("node.json"));
  const limit = readNodeLimit(sys, (_level, message) => assert.fail(message));
  assert.deepEqual(limit.maxQueues, 4);
  assert.equal(limit.source, "NodeNetworkConfig/dense-windows");
});

test("taps that an earlier plugin made are this one's", () => {
  const aliases: readonly string[] = JSON.parse(stored("aliases.json"));
  for (const alias of aliases) {
    const parsed = parseAlias(alias);
    assert.ok(parsed !== undefined, alias);
    assert.equal(formatAlias(parsed), alias);
  }
});
