// The README's table is made of cells: none is lost, and what differs stays apart.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cell } from "./situations.ts";
import { renderTable, replaceTable } from "./table.ts";

const seen = {
  isMultiQueueTap: true,
  markedQueues: 2,
  qdisc: "noqueue",
  asked: 4,
  written: 2,
  opened: 2,
  inGuest: undefined,
  events: [],
} as const;
const cell: Cell = {
  isMultiqueue: true,
  vcpus: 4,
  cap: 2,
  hook: "works",
  maker: "mqtap",
  binding: "masquerade",
  seen,
};

function rowsOf(...cells: readonly Cell[]): readonly string[] {
  return renderTable(cells).split("\n").slice(2);
}

describe("the table", () => {
  it("has what was seen of a cell", () => {
    const row = rowsOf({
      ...cell,
      seen: { ...seen, inGuest: 2, events: ["QueuesPlanned", "QueuesCapped"] },
    });
    const left = "| on | 4 | 2 | works | mqtap | masquerade |";
    const right = "multi_queue, E = 2, noqueue | 4 -> 2 | 2 | 2 (1 of 1) | QueuesPlanned, QueuesCapped |";
    assert.deepEqual(row, [`${left} ${right}`]);
  });

  it("says any where every value that was tried makes no difference, and counts the guests", () => {
    const booted = { ...cell, seen: { ...seen, inGuest: 2 } };
    const [row, ...others] = rowsOf(
      booted,
      { ...cell, cap: 1 },
      { ...cell, maker: "KubeVirt" },
      { ...cell, maker: "KubeVirt", cap: 1 },
    );
    assert.deepEqual(others, []);
    assert.match(row ?? "", /^\| on \| 4 \| any \| works \| any \| masquerade \|.*\| 2 \(1 of 4\) \|/);
  });

  it("names the values where another one makes a difference", () => {
    const other: Cell = { ...cell, binding: "managedTap", seen: { ...seen, opened: 4, written: 4 } };
    const rows = rowsOf(cell, { ...cell, binding: "bridge" }, other);
    assert.deepEqual(
      rows.map((row) => row.split(" | ")[5]),
      ["masquerade, bridge", "managedTap"],
    );
  });

  it("does not let a row say more than was seen", () => {
    const single: Cell = { ...cell, hook: "absent", cap: undefined };
    const rows = rowsOf(cell, single);
    assert.equal(rows.length, 2);
  });

  it("takes the place of the one in the README, again and again", () => {
    const readme =
      "# one\n\n<!-- what happens: made by npm run generate from what the tests saw -->\n\n<!-- end of what happens -->\n\n# two\n";
    const first = replaceTable(readme, "| a |");
    assert.equal(replaceTable(first, "| a |"), first);
    assert.equal(replaceTable(first, "| b |"), replaceTable(readme, "| b |"));
    assert.throws(() => replaceTable("# one", "| a |"), /has no lines/);
  });
});
