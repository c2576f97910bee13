import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fieldTable } from "./field-table.ts";
import { parseUsage } from "./flag-table.ts";
import { generateDocs } from "./generate.ts";

test("the checked-in documents are the generated ones (if not: npm run generate)", () => {
  for (const [name, text] of generateDocs()) {
    assert.equal(readFileSync(join(import.meta.dirname, name), "utf8"), text, name);
  }
});

test("every flag that a program's --help lists is in the reference", () => {
  const text = generateDocs().get("configuration.md") ?? "";
  for (const flag of ["--node-name", "--uninstall", "--cni-bin-dir", "--kubeconfig", "--lease-duration"]) {
    assert.ok(text.includes(`| \`${flag}\` |`), flag);
  }
});

test("parseUsage() reads values, flags without one, and meanings of several lines", () => {
  const usage = "a program\n\n  --one FILE     the first,\n                 and more\n  --two          the second\n";
  assert.deepEqual(parseUsage(usage), [
    { name: "--one", value: "FILE", meaning: "the first, and more" },
    { name: "--two", value: "", meaning: "the second" },
  ]);
  assert.throws(() => parseUsage("nothing here"), /cannot find a flag/);
});

test("fieldTable() has bounds, enumerations, lists, needed fields and defaults from elsewhere", () => {
  const schema = {
    properties: {
      n: { type: "integer", minimum: 2, maximum: 256, description: "a | b" },
      list: {
        type: "array",
        items: {
          type: "object",
          required: ["x"],
          properties: { x: { enum: ["A", "B"], default: "A" }, y: { type: "string", maxLength: 3 } },
        },
      },
    },
  };
  const rows = fieldTable(schema, (path) => (path === "n" ? 4 : undefined))
    .split("\n")
    .slice(2);
  assert.deepEqual(rows, [
    "| `n` | integer 2 to 256 | `4` | a \\| b |",
    "| `list` | list of object |  |  |",
    '| `list[].x` | `A`, `B` | `"A"` |  |',
    "| `list[].y` | string, at most 3 |  |  |",
  ]);
});
