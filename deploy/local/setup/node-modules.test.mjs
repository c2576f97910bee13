import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isInstalled } from "./node-modules.mjs";

const zod = { "node_modules/zod": { version: "4.6.7", integrity: "sha512-a" } };
const optional = { "node_modules/esbuild-arm": { version: "1.0.0", integrity: "sha512-b", optional: true } };
const lock = { packages: { "": { name: "mqtap" }, ...zod, ...optional } };

const cases = {
  "is true when optional packages of other platforms are absent": { installed: { packages: zod }, expected: true },
  "is true when all is there": { installed: { packages: { ...zod, ...optional } }, expected: true },
  "is false when nothing was installed, or not to the end": { installed: undefined, expected: false },
  "is false when a package is missing": { installed: { packages: {} }, expected: false },
  "is false when a version differs": {
    installed: { packages: { "node_modules/zod": { version: "4.6.6", integrity: "sha512-a" } } },
    expected: false,
  },
  "is false when an optional package differs": {
    installed: { packages: { ...zod, "node_modules/esbuild-arm": { version: "0.9.0", integrity: "sha512-b" } } },
    expected: false,
  },
  "is false when something is there that the lockfile does not name": {
    installed: { packages: { ...zod, "node_modules/left": { version: "1.0.0" } } },
    expected: false,
  },
};

describe("isInstalled()", () => {
  for (const [sentence, { installed, expected }] of Object.entries(cases)) {
    it(sentence, () => assert.equal(isInstalled(lock, installed), expected));
  }
});
