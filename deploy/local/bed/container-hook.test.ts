import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { baseSpec, containerHook, hookPath } from "./container-hook.ts";

it("baseSpec() adds the hook to containerd's default and changes nothing else", () => {
  const spec = { ociVersion: "1.3.0", process: { cwd: "/" }, mounts: [] };
  const hooks = { createContainer: [{ path: hookPath }] };
  assert.deepEqual(JSON.parse(baseSpec(JSON.stringify(spec))), { ...spec, hooks });
  assert.throws(() => baseSpec("{}"));
});

it("the hook is what sh understands", () => {
  const { status, stderr } = spawnSync("sh", ["-n"], { input: containerHook, encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
});
