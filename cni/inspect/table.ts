// The report for people: one tap a line, grouped by namespace as it was found, what is amiss, and a line of totals. Pure.

import { formatBytes } from "./bytes.ts";
import { remarksOn } from "./remarks.ts";
import type { InspectReport, TapReport } from "./report.ts";
import { shown } from "./shown.ts";

export interface TableOptions {
  readonly hasForeign: boolean;
  /** Where was looked, for the sentence of an empty table. */
  readonly where: string;
}

type Column = readonly [title: string, cell: (tap: TapReport) => string];

const columns = (hasForeign: boolean): readonly Column[] => [
  ["NAMESPACE", ({ netns }) => shown(netns)],
  [hasForeign ? "LINK" : "TAP", ({ name }) => shown(name)],
  ["MODE", ({ mark, kind }) => mark?.mode ?? `(${kind})`],
  ["SIZED", ({ mark }) => (mark === undefined ? "-" : String(mark.queues))],
  ["OPEN", openQueues],
  ["OWNER", ({ owner, group }) => `${owner ?? "any"}:${group ?? "any"}`],
  ["STATE", ({ isUp, isPersistent }) => `${isUp ? "up" : "down"}${isPersistent ? "" : ",temporary"}`],
  ["MTU", ({ mtuBytes }) => String(mtuBytes)],
  ["QDISC", ({ qdisc }) => shown(qdisc ?? "-")],
  ["MASTER", ({ master }) => shown(master ?? "-")],
  ["MEMORY", ({ estimatedMemoryBytes: bytes }) => (bytes === undefined ? "unknown" : `~${formatBytes(bytes)}`)],
];

/** Ends with a line feed. */
export function formatTable({ taps }: Pick<InspectReport, "taps">, { hasForeign, where }: TableOptions): string {
  if (taps.length === 0) return `no taps${hasForeign ? " or tuns" : " of mqtap"} in ${shown(where)}\n`;
  const shownColumns = columns(hasForeign);
  const widths = shownColumns.map(([title]) => title.length);
  const rows = taps.map((tap) => shownColumns.map(([, cell]) => cell(tap)));
  for (const row of rows)
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  const lines = [line(shownColumns.map(([title]) => title)), ...rows.map(line), "", ...remarkLines(taps), totals(taps)];
  return `${lines.join("\n")}\n`;
}

/** As many queues as a program holds; those that a guest has not enabled yet are told apart. */
function openQueues({ attachedQueues, disabledQueues, isOpen }: TapReport): string {
  if (attachedQueues === undefined) return isOpen ? "1 (single)" : "0 (single)";
  const disabled = disabledQueues ?? 0;
  return disabled === 0 ? String(attachedQueues) : `${attachedQueues + disabled} (${disabled} disabled)`;
}

const mostRemarks = 10;

function remarkLines(taps: readonly TapReport[]): readonly string[] {
  const lines = taps.flatMap((tap) =>
    remarksOn(tap).map((remark) => `${shown(tap.netns)} ${shown(tap.name)}: ${remark}`),
  );
  if (lines.length === 0) return [];
  const more = lines.length - mostRemarks;
  return [...lines.slice(0, mostRemarks), ...(more > 0 ? [`and ${more} more remarks`] : []), ""];
}

function totals(taps: readonly TapReport[]): string {
  const namespaces = new Set(taps.map(({ netnsIdentity }) => netnsIdentity)).size;
  const known = taps.flatMap(({ estimatedMemoryBytes }) => estimatedMemoryBytes ?? []);
  const unknown = taps.length - known.length;
  const memory = known.reduce((sum, bytes) => sum + bytes, 0);
  const isPure = taps.every(({ mark }) => mark !== undefined);
  return [
    `${count(taps.length, isPure ? "tap" : "link")} in ${count(namespaces, "namespace")}`,
    known.length === 0 ? "kernel memory unknown" : `about ${formatBytes(memory)} of kernel memory (estimated)`,
    ...(unknown > 0 && known.length > 0 ? [`without ${unknown} of unknown size`] : []),
  ].join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
