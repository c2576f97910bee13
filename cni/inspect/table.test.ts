import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reportedTap } from "../../test/fakes/tap-report.ts";
import type { TapReport } from "./report.ts";
import { formatTable } from "./table.ts";

const tap = reportedTap;
const single = { isMultiQueue: false, attachedQueues: undefined, disabledQueues: undefined, isOpen: false };
const table = (...taps: readonly Partial<TapReport>[]) =>
  formatTable({ taps: taps.map((change) => ({ ...tap, ...change })) }, { hasForeign: true, where: "here" });
const cell = (change: Partial<TapReport>, title: string) => {
  const [head = "", row = ""] = table(change).split("\n");
  const at = head.indexOf(title);
  return row.slice(at).split("  ")[0]?.trimEnd();
};

describe("formatTable()", () => {
  test("aligns its columns, and ends with a line of totals", () => {
    const other: Partial<TapReport> = { ...single, netns: "/run/netns/longer", netnsIdentity: "4:2", name: "net1" };
    assert.equal(
      formatTable(
        { taps: [tap, { ...tap, ...other, mark: { mode: "adopted", queues: 1 } }] },
        { hasForeign: false, where: "" },
      ),
      [
        "NAMESPACE          TAP   MODE       SIZED  OPEN        OWNER    STATE  MTU   QDISC    MASTER    MEMORY",
        "/run/netns/a       tap0  companion  4      4           107:107  up     1500  noqueue  k6t-eth0  ~291 KiB",
        "/run/netns/longer  net1  adopted    1      0 (single)  107:107  up     1500  noqueue  k6t-eth0  ~291 KiB",
        "",
        "2 taps in 2 namespaces, about 582 KiB of kernel memory (estimated)",
        "",
      ].join("\n"),
    );
  });

  const cells: Record<string, [change: Partial<TapReport>, title: string, cell: string]> = {
    "queues that the guest has not enabled": [{ attachedQueues: 1, disabledQueues: 3 }, "OPEN", "4 (3 disabled)"],
    "no open queue": [{ attachedQueues: 0 }, "OPEN", "0"],
    "the one queue of an open single-queue tap": [{ ...single, isOpen: true }, "OPEN", "1 (single)"],
    "a tap that is not mqtap's": [{ mark: undefined }, "MODE", "(tap)"],
    "a tun": [{ mark: undefined, kind: "tun" }, "MODE", "(tun)"],
    "a tap that anybody may open": [{ owner: undefined, group: undefined }, "OWNER", "any:any"],
    "root's tap": [{ owner: 0, group: 0 }, "OWNER", "0:0"],
    "a tap that goes with its program": [{ isPersistent: false, isUp: false }, "STATE", "down,temporary"],
    "memory that nobody measured": [{ estimatedMemoryBytes: undefined }, "MEMORY", "unknown"],
    "memory in the greater unit": [{ estimatedMemoryBytes: 6630 * 1024 }, "MEMORY", "~6.5 MiB"],
    "no master and no qdisc": [{ master: undefined, qdisc: undefined }, "MASTER", "-"],
    "a name that would colour the terminal": [{ name: "\u001b[31mx" }, "LINK", "\\x1b[31mx"],
    "a master that would, too": [{ master: "\u001b[31mx" }, "MASTER", "\\x1b[31mx"],
  };
  for (const [what, [change, title, text]] of Object.entries(cells)) {
    test(`shows ${what} as "${text}"`, () => {
      assert.equal(cell(change, title), text);
    });
  }

  test("says what is amiss between the table and the totals", () => {
    const [, , , remark, , totals] = table({ attachedQueues: 8, name: "\u009bx" }).split("\n");
    assert.match(remark ?? "", /^\/run\/netns\/a \\x9bx: 8 queues are open, 4 were meant: /);
    assert.match(totals ?? "", /^1 tap in 1 namespace, /);
  });

  test("does not drown the totals in remarks", () => {
    const lines = table(...Array.from({ length: 50 }, () => ({ attachedQueues: 8 }))).split("\n");
    assert.equal(lines.filter((line) => line.includes("were meant")).length, 10);
    assert.ok(lines.includes("and 40 more remarks"));
  });

  test("counts links whose size is unknown apart", () => {
    const unknown = { estimatedMemoryBytes: undefined, mark: undefined };
    assert.match(table({}, unknown), /\n2 links in 1 namespace, about 291 KiB .*, without 1 of unknown size\n$/);
    assert.match(table(unknown), /\n1 link in 1 namespace, kernel memory unknown\n$/);
  });

  test("says where it looked when there is nothing, safely", () => {
    assert.equal(formatTable({ taps: [] }, { hasForeign: false, where: "/a\u001b" }), "no taps of mqtap in /a\\x1b\n");
    assert.equal(table(), "no taps or tuns in here\n");
  });
});
