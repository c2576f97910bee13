import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { npmComponents, packageFolders } from "./npm-components.ts";

const root = resolve(import.meta.dirname, "../../..");

test("packageFolders() finds the packages, scoped and nested ones too, each once", () => {
  const inputs = [
    "operator/agent/main.ts",
    "node_modules/zod/v4/core/parse.js",
    "node_modules/zod/index.js",
    "../node_modules/@rgrove/parse-xml/dist/index.js",
    "../../node_modules/a/node_modules/@b/c/index.js",
  ];
  const wanted = ["node_modules/@rgrove/parse-xml", "node_modules/a/node_modules/@b/c", "node_modules/zod"];
  assert.deepEqual(packageFolders(inputs), wanted);
});

describe("npmComponents()", () => {
  const zod = { "bom-ref": "zod@4.6.7", purl: "pkg:npm/zod@4.6.7", licenses: ["MIT"] };

  test("takes what npm says of the package, and the licence from its folder", () => {
    const [found] = npmComponents({ root, folders: ["node_modules/zod"], sbom: { components: [zod] } });
    assert.deepEqual({ ...found, texts: [] }, { ...pick(zod), texts: [] });
    assert.match(found?.texts[0]?.text ?? "", /Permission is hereby granted/);
  });

  test("refuses a package that the lockfile does not pin", () => {
    const sbom = { components: [] };
    const message = /cannot describe "node_modules\/zod": zod [\d.]+ is not in the lockfile/;
    assert.throws(() => npmComponents({ root, folders: ["node_modules/zod"], sbom }), { message });
  });
});

function pick({ purl, licenses }: { readonly purl: string; readonly licenses: readonly string[] }) {
  return { name: "zod", version: "4.6.7", purl, license: licenses[0] };
}
