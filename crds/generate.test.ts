import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { customResourceDefinition, generateCrdFiles } from "./generate.ts";
import { nodeNetworkConfigKind } from "./node-network-config.ts";
import { nodeNetworkProfileKind } from "./node-network-profile.ts";

const checkedIn = readdirSync(import.meta.dirname).filter((name) => /^mqtap\.io_.*\.yaml$/.test(name));

test("the checked-in CRD files are the generated ones (if not: npm run generate)", () => {
  const generated = generateCrdFiles();
  assert.deepEqual(checkedIn.toSorted(), [...generated.keys()].toSorted());
  for (const [name, text] of generated) assert.equal(readFileSync(join(import.meta.dirname, name), "utf8"), text);
});

test("the YAML says what the definition says", () => {
  for (const kind of [nodeNetworkConfigKind, nodeNetworkProfileKind]) {
    const text = generateCrdFiles().get(`mqtap.io_${kind.plural}.yaml`) ?? "";
    assert.deepEqual(parse(text), JSON.parse(JSON.stringify(customResourceDefinition(kind))));
  }
});

test("each file fits into the annotation that client-side apply makes of it", () => {
  for (const [name, text] of generateCrdFiles()) {
    assert.ok(JSON.stringify(parse(text)).length < 256 * 1024, name);
    assert.ok(text.length < 256 * 1024, name);
  }
});
