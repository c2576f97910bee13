// Plain text tables for the demo: aligned columns, one of which wraps, so that a row stays within the terminal's width.

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly alignRight?: boolean;
}

const gap = "  ";

/** Lines of a table at most `widthChars` wide: the last column takes what the others leave, and wraps between words. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  widthChars = 118,
): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => column.text(row)));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const used = widths.slice(0, -1).reduce((sum, width) => sum + width + gap.length, 0);
  const last = Math.max(20, widthChars - used);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        if (index === columns.length - 1) return text;
        return columns[index]?.alignRight === true
          ? text.padStart(widths[index] ?? 0)
          : text.padEnd(widths[index] ?? 0);
      })
      .join(gap)
      .trimEnd();
  const body = cells.flatMap((row) => {
    const [first = "", ...more] = wrap(row.at(-1) ?? "", last);
    const head = row.slice(0, -1);
    return [line([...head, first]), ...more.map((text) => line([...head.map(() => ""), text]))];
  });
  return [line(columns.map((column) => column.title)), ...body];
}

/** What kubectl printed as a table, with its last column wrapped so that no line is longer. */
export function wrapLastColumn(printed: string, widthChars = 114): readonly string[] {
  const [head = "", ...rows] = printed.replace(/\n+$/, "").split("\n");
  const start = head.trimEnd().lastIndexOf(" ") + 1;
  const wrapped = rows.flatMap((row) => {
    const [first = "", ...more] = wrap(row.slice(start), widthChars - start);
    return [row.slice(0, start) + first, ...more.map((text) => " ".repeat(start) + text)];
  });
  return [head, ...wrapped];
}

/** Breaks `text` between words into lines of at most `widthChars`; a longer word keeps a line of its own. */
export function wrap(text: string, widthChars: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > widthChars) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
