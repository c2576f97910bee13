import assert from "node:assert/strict";
import { it } from "node:test";
import { dependencyOf } from "./guest-kernel.mjs";

it("dependencyOf() finds the kernel that the meta package stands for", () => {
  assert.equal(
    dependencyOf(["linux-image-amd64", "  Depends: linux-image-6.1.0-56-amd64"]),
    "linux-image-6.1.0-56-amd64",
  );
  assert.equal(dependencyOf(["linux-image-amd64", " |Depends: <linux-image>", "  Suggests: linux-doc"]), undefined);
  assert.equal(dependencyOf([]), undefined);
});
