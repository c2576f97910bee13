// What `mqtap inspect -o json` prints, and how another program reads it again: one document, versioned. Pure, and without
// anything of the binary, so that the operator may import it. Keys may be added to version 1; none changes its meaning.

import { parseAlias, type TapAlias } from "../tap/alias.ts";
import type { TunDevice } from "../tun/tun-device.ts";

export interface TapReport {
  /** Path of the network namespace, and `dev:ino` of its file: equal for the same namespace. */
  readonly netns: string;
  readonly netnsIdentity: string;
  readonly name: string;
  readonly index: number;
  readonly kind: "tap" | "tun";
  /** What the alias says, where it is mqtap's; a pod with NET_ADMIN can write it. */
  readonly mark: TapAlias | undefined;
  readonly isMultiQueue: boolean;
  /** Held by a program and enabled, or disabled; undefined for a single-queue tap, which does not count. */
  readonly attachedQueues: number | undefined;
  readonly disabledQueues: number | undefined;
  /** Whether a program holds the tap open (its carrier). */
  readonly isOpen: boolean;
  readonly isPersistent: boolean;
  /** Undefined: anybody's. */
  readonly owner: number | undefined;
  readonly group: number | undefined;
  readonly isUp: boolean;
  readonly mtuBytes: number;
  readonly mac: string;
  readonly qdisc: string | undefined;
  readonly txQueueLength: number;
  /** Name of the bridge or bond that the tap is a port of. */
  readonly master: string | undefined;
  readonly alias: string | undefined;
  /** Kernel memory by measured figures, not a measurement; undefined where none fits. */
  readonly estimatedMemoryBytes: number | undefined;
}

/** A namespace that could not be read. */
export interface InspectFailure {
  readonly netns: string;
  readonly why: string;
}

export interface InspectReport {
  /** Undefined in reports of earlier releases. */
  readonly tun?: TunDevice;
  readonly taps: readonly TapReport[];
  readonly failures: readonly InspectFailure[];
}

/** Text that is no report of a version we know. */
export class ReportFormatError extends Error {
  override readonly name = "ReportFormatError";
}

const version = 1;

/** One tap a line, in ASCII: names and aliases come from pods, and may hold what a terminal obeys. */
export function formatReport({ tun, taps, failures }: InspectReport): string {
  const lines = (entries: readonly object[]): string =>
    entries.length === 0 ? "[]" : `[\n${entries.map(formatEntry).join(",\n")}\n]`;
  return `{"version":${version},${tun === undefined ? "" : `"tun":${formatEntry(tun)},`}"taps":${lines(taps)},"failures":${lines(failures)}}\n`;
}

function formatEntry(entry: object): string {
  const text = JSON.stringify(entry, (_key, value: unknown) => value ?? null);
  return text.replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Reads what JSON.parse made of a report; null and an absent key are undefined. @throws ReportFormatError */
export function parseReport(document: unknown): InspectReport {
  const report = new Members(document, "report");
  if (report.value("version") !== version) {
    const found = JSON.stringify(report.value("version") ?? null);
    throw new ReportFormatError(`cannot read the report of mqtap inspect: its version is ${found}, not ${version}`);
  }
  const tun = report.optional("tun", () => report.one("tun", parseTun));
  return {
    ...(tun === undefined ? {} : { tun }),
    taps: report.list("taps", parseTap),
    failures: report.list("failures", (failure) => ({ netns: failure.text("netns"), why: failure.text("why") })),
  };
}

function parseTun(tun: Members): TunDevice {
  const hasMultiQueue = tun.optional("hasMultiQueue", () => tun.boolean("hasMultiQueue"));
  return { isPresent: tun.boolean("isPresent"), hasMultiQueue };
}

function parseTap(tap: Members): TapReport {
  const alias = tap.optional("alias", () => tap.text("alias"));
  return {
    netns: tap.text("netns"),
    netnsIdentity: tap.text("netnsIdentity"),
    name: tap.text("name"),
    index: tap.number("index"),
    kind: tap.oneOf("kind", ["tap", "tun"]),
    // The alias says the same, and is the one that was checked.
    mark: tap.optional("mark", () => parseAlias(alias) ?? tap.fail("mark", "what the alias says")),
    isMultiQueue: tap.boolean("isMultiQueue"),
    attachedQueues: tap.optional("attachedQueues", () => tap.number("attachedQueues")),
    disabledQueues: tap.optional("disabledQueues", () => tap.number("disabledQueues")),
    isOpen: tap.boolean("isOpen"),
    isPersistent: tap.boolean("isPersistent"),
    owner: tap.optional("owner", () => tap.number("owner")),
    group: tap.optional("group", () => tap.number("group")),
    isUp: tap.boolean("isUp"),
    mtuBytes: tap.number("mtuBytes"),
    mac: tap.text("mac"),
    qdisc: tap.optional("qdisc", () => tap.text("qdisc")),
    txQueueLength: tap.number("txQueueLength"),
    master: tap.optional("master", () => tap.text("master")),
    alias,
    estimatedMemoryBytes: tap.optional("estimatedMemoryBytes", () => tap.number("estimatedMemoryBytes")),
  };
}

/** The members of one JSON object, read with what they have to be. */
class Members {
  readonly #object: object;
  readonly #what: string;

  constructor(document: unknown, what: string) {
    this.#what = what;
    this.#object = typeof document === "object" && document !== null ? document : this.fail("", "an object");
  }

  value(key: string): unknown {
    return Object.hasOwn(this.#object, key) ? Reflect.get(this.#object, key) : undefined;
  }

  text(key: string): string {
    const value = this.value(key);
    return typeof value === "string" ? value : this.fail(key, "a string");
  }

  number(key: string): number {
    const value = this.value(key);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.fail(key, "a whole number");
  }

  boolean(key: string): boolean {
    const value = this.value(key);
    return typeof value === "boolean" ? value : this.fail(key, "true or false");
  }

  oneOf<T extends string>(key: string, values: readonly T[]): T {
    return values.find((value) => value === this.value(key)) ?? this.fail(key, values.join(" or "));
  }

  optional<T>(key: string, read: () => T): T | undefined {
    return (this.value(key) ?? undefined) === undefined ? undefined : read();
  }

  list<T>(key: string, parse: (entry: Members) => T): readonly T[] {
    const value: unknown = this.value(key);
    if (!Array.isArray(value)) return this.fail(key, "an array");
    return value.map((entry: unknown, at) => parse(new Members(entry, `${this.#what}.${key}[${at}]`)));
  }

  one<T>(key: string, parse: (entry: Members) => T): T {
    return parse(new Members(this.value(key), `${this.#what}.${key}`));
  }

  fail(key: string, wanted: string): never {
    const path = key === "" ? this.#what : `${this.#what}.${key}`;
    throw new ReportFormatError(`cannot read the report of mqtap inspect: ${path} is not ${wanted}`);
  }
}
