import assert from "node:assert/strict";
import { it } from "node:test";
import { missingPackages } from "./debian-packages.mjs";

it("missingPackages() names what a command needs and the machine lacks", () => {
  assert.deepEqual(
    missingPackages("guest", (program) => program !== "busybox"),
    ["busybox-static"],
  );
  assert.deepEqual(
    missingPackages("test", () => true),
    [],
  );
  assert.deepEqual(
    missingPackages("start", () => false),
    [],
  );
});
