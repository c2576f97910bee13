// The table of the top README: cells with the same outcome are one row as far as "a or b" can say it. Pure.

import { bindingNames, type Cell, type Seen } from "./situations.ts";

/** What decides, by column; each cell has one value of each. */
const inputs = {
  multiqueue: ({ isMultiqueue }: Cell) => (isMultiqueue ? "on" : "off"),
  vCPUs: ({ vcpus }: Cell) => `${vcpus}`,
  cap: ({ cap }: Cell) => `${cap ?? "none"}`,
  hook: ({ hook }: Cell) => hook,
  "tap made by": ({ maker }: Cell) => maker,
  binding: ({ binding }: Cell) => binding,
} as const;
type Input = keyof typeof inputs;
const columns = Object.keys(inputs) as readonly Input[];

/** These make a row: "any" is any of what was tried with them. */
const rowColumns: readonly Input[] = ["multiqueue", "vCPUs"];
/** In this order rows become one. */
const mergedColumns: readonly Input[] = ["binding", "tap made by", "hook", "cap"];

interface Row {
  readonly values: Readonly<Record<Input, readonly string[]>>;
  readonly cells: readonly Cell[];
}

const markers = {
  begin: "<!-- what happens: made by npm run generate from what the tests saw -->",
  end: "<!-- end of what happens -->",
} as const;

/** The table in Markdown, without a newline at its end. */
export function renderTable(cells: readonly Cell[]): string {
  const rows = rowsOf(cells);
  const head = [...columns, "the tap", "`queues` in the domain", "open", "in the guest", "events for the VM's owner"];
  const lines = rows.map((row) => {
    const left = columns.map((column) => shownInput(row, column, cells));
    return [...left, ...outcomeOf(seenOf(row)), shownGuest(row), shownEvents(seenOf(row))];
  });
  return [head, head.map(() => "---"), ...lines].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** The README with another table in it. @throws RangeError when it has no place for one */
export function replaceTable(readme: string, table: string): string {
  const [begin, end] = [readme.indexOf(markers.begin), readme.indexOf(markers.end)];
  if (begin < 0 || end < begin) throw new RangeError(`the README has no lines "${markers.begin}" and "${markers.end}"`);
  return `${readme.slice(0, begin + markers.begin.length)}\n\n${table}\n\n${readme.slice(end)}`;
}

/** Rows that cover every cell once, in the order in which their first cells come. */
function rowsOf(cells: readonly Cell[]): readonly Row[] {
  let rows = cells.map((cell): Row => {
    const values = columns.map((column) => [column, [inputs[column](cell)]]);
    return { values: Object.fromEntries(values) as Row["values"], cells: [cell] };
  });
  for (;;) {
    const before = rows.length;
    for (const column of mergedColumns) rows = merge(rows, column);
    if (rows.length === before) return rows;
  }
}

/** Rows become one where they differ in this column only. */
function merge(rows: readonly Row[], column: Input): Row[] {
  const alike = Map.groupBy(rows, ({ values, cells }) =>
    JSON.stringify([columns.map((other) => (other === column ? "" : values[other])), cells[0] && outcomeKey(cells[0])]),
  );
  return [...alike.values()].map((group) => {
    const [first] = group;
    const values = {
      ...(first?.values as Row["values"]),
      [column]: [...new Set(group.flatMap((row) => row.values[column]))],
    };
    return { values, cells: group.flatMap((row) => row.cells) };
  });
}

/** What a guest tells is the same wherever one is booted, which the tests see to. */
function outcomeKey({ seen }: Cell): string {
  return JSON.stringify([outcomeOf(seen), shownEvents(seen)]);
}

function seenOf({ cells }: Row): Seen {
  const [first] = cells;
  if (first === undefined) throw new RangeError("a row has no cell");
  return first.seen;
}

function shownInput({ values, cells }: Row, column: Input, all: readonly Cell[]): string {
  const [first] = cells;
  const beside = all.filter((cell) => rowColumns.every((key) => first && inputs[key](cell) === inputs[key](first)));
  const tried = new Set(beside.map(inputs[column]));
  const isAny = tried.size > 1 && tried.size === values[column].length;
  if (isAny) return "any";
  return column === "binding"
    ? bindingNames.filter((name) => values[column].includes(name)).join(", ")
    : values[column].join(" or ");
}

function outcomeOf({ isMultiQueueTap, markedQueues, qdisc, asked, written, opened }: Seen): readonly string[] {
  const tap = [
    isMultiQueueTap ? "multi_queue" : "single queue",
    markedQueues === undefined ? "no E" : `E = ${markedQueues}`,
    // what a tap of one queue gets is the node's net.core.default_qdisc
    qdisc === "noqueue" || qdisc === "mq" ? qdisc : "default qdisc",
  ];
  const domain = asked === written ? `${asked ?? "none"}` : `${asked ?? "none"} -> ${written ?? "none"}`;
  return [tap.join(", "), domain, `${opened}`];
}

/** With the number of cells that booted one. */
function shownGuest({ cells }: Row): string {
  const told = cells.flatMap(({ seen }) => seen.inGuest ?? []);
  return told.length === 0 ? "" : `${[...new Set(told)].join(" or ")} (${told.length} of ${cells.length})`;
}

function shownEvents({ events }: Seen): string {
  return events.length === 0 ? "none" : events.join(", ");
}
