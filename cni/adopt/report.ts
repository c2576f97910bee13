// What `mqtap adopt` prints, and how the agent reads it again: one document, versioned. Pure, and without anything of the
// binary, so that the operator may import it. Keys may be added to version 1; none changes its meaning.

/** Why a run ended. */
const endings = [
  /** Nothing is left to do. */
  "done",
  /** The namespace is gone. */
  "gone",
  /** The time was up; the rest is missing. */
  "timeout",
  /** Whoever started it went away: its stdin was a pipe that is closed. */
  "abandoned",
] as const;

const outcomes = [
  /** It has its alias now, and noqueue unless `why` tells that the kernel refused it; or noqueue alone where that was asked. */
  "adopted",
  /** It had them before; where somebody shapes its traffic since, `why` says so. */
  "unchanged",
  /** mqtap's plugin made it. */
  "owned",
  /** Somebody else's: another alias, or no tap at all. */
  "foreign",
  /** Its qdisc shapes traffic, so it is left alone. */
  "shaped",
  /** A tap for one queue where several are meant, or the other way round. */
  "mismatch",
  /** It was not there, or not complete, when the run ended. */
  "missing",
  /** The kernel refused, and nothing was changed. */
  "failed",
] as const;

export type AdoptEnding = (typeof endings)[number];
export type TapOutcome = (typeof outcomes)[number];

export interface AdoptedTap {
  readonly name: string;
  /** E; undefined where only the qdisc was asked for. */
  readonly queues: number | undefined;
  readonly outcome: TapOutcome;
  /** For a person: what stood in the way. */
  readonly why: string | undefined;
  /** Its root qdisc when it was found. */
  readonly qdiscBefore: string | undefined;
}

export interface AdoptReport {
  readonly netns: string;
  readonly ended: AdoptEnding;
  readonly taps: readonly AdoptedTap[];
}

/** Text that is no report of a version we know. */
export class AdoptReportError extends Error {
  override readonly name = "AdoptReportError";
}

const version = 1;

/** One line of ASCII: aliases and qdiscs come from pods, and may hold what a terminal obeys. */
export function formatAdoptReport(report: AdoptReport): string {
  const text = JSON.stringify({ version, ...report }, (_key, value: unknown) => value ?? null);
  return `${text.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}

/** Reads what JSON.parse made of a report. @throws AdoptReportError */
export function parseAdoptReport(document: unknown): AdoptReport {
  const report = members(document, "report");
  if (report["version"] !== version) {
    throw unreadable(`its version is ${JSON.stringify(report["version"] ?? null)}, not ${version}`);
  }
  const taps = report["taps"];
  if (!Array.isArray(taps)) throw unreadable("its taps are no list");
  return {
    netns: text(report["netns"], "netns"),
    ended: oneOf(endings, report["ended"], "ended"),
    taps: taps.map((tap: unknown) => parseTap(members(tap, "tap"))),
  };
}

function parseTap(tap: Readonly<Record<string, unknown>>): AdoptedTap {
  const { queues } = tap;
  if (queues !== null && queues !== undefined && typeof queues !== "number") throw unreadable("queues are no number");
  return {
    name: text(tap["name"], "name"),
    queues: queues ?? undefined,
    outcome: oneOf(outcomes, tap["outcome"], "outcome"),
    why: optionalText(tap["why"], "why"),
    qdiscBefore: optionalText(tap["qdiscBefore"], "qdiscBefore"),
  };
}

function members(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unreadable(`a ${what} is no object`);
  return { ...value };
}

function text(value: unknown, key: string): string {
  if (typeof value !== "string") throw unreadable(`${key} is no text`);
  return value;
}

function optionalText(value: unknown, key: string): string | undefined {
  return value === null || value === undefined ? undefined : text(value, key);
}

function oneOf<T extends string>(known: readonly T[], value: unknown, key: string): T {
  const found = known.find((candidate) => candidate === value);
  if (found === undefined) throw unreadable(`${key} is ${JSON.stringify(value ?? null)}`);
  return found;
}

function unreadable(why: string): AdoptReportError {
  return new AdoptReportError(`cannot read the report of mqtap adopt: ${why}`);
}
