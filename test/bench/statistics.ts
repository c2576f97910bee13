// Percentiles and the table that the figures are printed in.

/** The nearest-rank percentile (0..100) of a non-empty list. */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((rank / 100) * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("cannot take a percentile: the list is empty");
  return value;
}

export interface Figure {
  readonly what: string;
  readonly mqtap: string;
  /** The peer in the same run; empty where there is none. */
  readonly peer: string;
  readonly ratio: string;
  readonly wanted: string;
  readonly isMet: boolean | undefined;
}

/** A markdown table, so that the output can be pasted into the README. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map((f) => [f.what, f.mqtap, f.peer, f.ratio, f.wanted, verdict(f.isMet)]);
  return formatTable([["figure", "mqtap", "reference `tap` v1.9.1", "ratio", "wanted", "met"], ...rows]);
}

/** A markdown table; the first row is its head, and as long as any. */
export function formatTable(table: readonly (readonly string[])[]): string {
  const [head = [], ...body] = table;
  const widths = head.map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(head), rule, ...body.map(line)].join("\n");
}

function verdict(isMet: boolean | undefined): string {
  if (isMet === undefined) return "";
  return isMet ? "yes" : "NO";
}
