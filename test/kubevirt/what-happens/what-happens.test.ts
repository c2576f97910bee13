// Every binding, with and without multiqueue, cap and hook, on taps of mqtap and on KubeVirt's own: each VM starts, and what
// the kernel and the guests say is the table of the top README.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { seeInGuest } from "./in-guest.ts";
import { seeOnMachine } from "./on-machine.ts";
import { readmeFile, writeResults } from "./results.ts";
import { bindingNames, type Cell, situations } from "./situations.ts";
import { renderTable, replaceTable } from "./table.ts";

const directory = mkdtempSync(join(tmpdir(), "mqtap-what-happens-"));
after(() => rmSync(directory, { recursive: true }));

let cells: readonly Cell[];
before(async () => {
  const [onMachine, inGuest] = await Promise.all([seeOnMachine(), seeInGuest(directory)]);
  cells = [...onMachine, ...inGuest];
  writeResults(cells);
});

/** Fails with the cells that are not so. */
function everyCell(isSo: (cell: Cell) => boolean): void {
  assert.deepEqual(
    cells.filter((cell) => !isSo(cell)),
    [],
  );
}

describe("in every combination of binding, multiqueue, cap and hook", () => {
  it("a VM starts, and was looked at", () => {
    assert.equal(cells.length, situations.length * bindingNames.length);
    everyCell(({ seen }) => seen.opened > 0);
  });

  it("the tap's bit is the one that the domain needs", () => {
    everyCell(({ seen }) => seen.isMultiQueueTap === (seen.written ?? 1) > 1);
  });

  it("the VM opens what its domain says, and the guest has it", () => {
    everyCell(({ seen }) => seen.opened === (seen.written ?? 1));
    everyCell(({ seen }) => seen.inGuest === undefined || seen.inGuest === seen.opened);
    assert.ok(cells.some(({ seen }) => seen.inGuest !== undefined));
  });

  it("a cap reaches the VM where the hook works, and its owner is warned where not", () => {
    const capped = cells.filter(({ isMultiqueue, vcpus, cap }) => isMultiqueue && vcpus > 1 && cap !== undefined);
    assert.ok(capped.length > 0);
    for (const { hook, seen } of capped) {
      assert.equal(seen.opened, hook === "works" ? 2 : 4);
      assert.equal(
        seen.events.some((event) => event.startsWith("CapNotApplied (warning")),
        hook !== "works",
      );
    }
  });

  it("a multiqueue tap has noqueue", () => {
    everyCell(({ seen }) => !seen.isMultiQueueTap || seen.qdisc === "noqueue");
  });

  it("the README tells it so", () => {
    const readme = readFileSync(readmeFile, "utf8");
    assert.equal(
      replaceTable(readme, renderTable(cells)),
      readme,
      "the table of README.md is not what was seen: look at the difference, then npm run generate",
    );
  });
});
