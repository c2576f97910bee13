import assert from "node:assert/strict";
import { it } from "node:test";
import { crossBuild } from "./arm64-tools.mjs";

it("crossBuild() names cargo's tools by their place, and what is built by the tools' key alone", () => {
  const { key, env, ...rest } = crossBuild("/home/someone/.cache/mqtap/arm64-0123");
  assert.equal(key, "arm64-0123");
  assert.deepEqual(rest, { arch: "arm64", folder: "arm64" });
  assert.equal(env.RUSTC, "/home/someone/.cache/mqtap/arm64-0123/bin/rustc");
  assert.ok(Object.values(env).every((file) => file.startsWith("/home/someone/.cache/mqtap/arm64-0123/bin/")));
});
