import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatTable, wrap, wrapLastColumn } from "./table.ts";

interface Row {
  readonly vm: string;
  readonly queues: number;
  readonly why: string;
}

const columns = [
  { title: "VM", text: (row: Row) => row.vm },
  { title: "QUEUES", text: (row: Row) => String(row.queues), alignRight: true },
  { title: "WHY", text: (row: Row) => row.why },
];

test("formatTable() aligns columns and wraps the last one under its own title", () => {
  const rows = [
    { vm: "web", queues: 4, why: "node limit 4 by NodeNetworkConfig/dense-windows" },
    { vm: "database", queues: 16, why: "own" },
  ];
  assert.deepEqual(formatTable(rows, columns, 50), [
    "VM        QUEUES  WHY",
    "web            4  node limit 4 by",
    "                  NodeNetworkConfig/dense-windows",
    "database      16  own",
  ]);
});

test("formatTable() of no rows is its titles", () => {
  assert.deepEqual(formatTable<Row>([], columns), ["VM  QUEUES  WHY"]);
});

test("wrap() keeps every word and no line exceeds the width unless it is one word", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(words, fc.integer({ min: 5, max: 60 }), (parts, width) => {
      const lines = wrap(parts.join(" "), width);
      assert.equal(lines.join(" "), parts.join(" "));
      for (const line of lines) assert.ok(line.length <= width || !line.includes(" "), line);
    }),
  );
});

test("wrapLastColumn() wraps what stands under the last title, and keeps every word", () => {
  const printed = "TYPE     NOTE\nNormal   the VM runs with 4 queues\nNormal   short\n";
  assert.deepEqual(wrapLastColumn(printed, 24), [
    "TYPE     NOTE",
    "Normal   the VM runs",
    "         with 4 queues",
    "Normal   short",
  ]);
});
