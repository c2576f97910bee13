// The words behind `mqtap adopt`: which taps, where, for how long. Pure.

import { interfaceNameFault } from "../tap/name.ts";

export interface WantedAdoption {
  readonly name: string;
  /** E; undefined: the qdisc alone. */
  readonly queues: number | undefined;
}

export interface AdoptOptions {
  readonly netns: string;
  readonly taps: readonly WantedAdoption[];
  /** Undefined: look once. */
  readonly waitMs: number | undefined;
}

/** Words that mean nothing here; the message says which. */
export class AdoptUsageError extends Error {
  override readonly name = "AdoptUsageError";
}

/** One line that says which words there are. */
export const adoptSynopsis = (): string =>
  "usage: mqtap adopt --netns PATH --tap NAME=QUEUES[,…] [--noqueue-only] [--wait [--timeout 10m]]";

/** What `mqtap adopt -h` prints. */
export const adoptUsage = (): string => `${adoptSynopsis()}

Adopts taps that KubeVirt made: gives each mqtap's alias, which tells the hook its number of queues, and the qdisc noqueue, which
gives most of its kernel memory back. The node's agent runs it. A tap with an alias of somebody else's, of mqtap's plugin, or
with traffic shaping is left alone. Prints one JSON document. Needs root.

  --netns PATH     the pod's network namespace, for instance /run/netns/NAME
  --tap LIST       names and queues: tap0=4,tap5b1ab0c7d3e=2
  --noqueue-only   the qdisc alone, for VMs that run already; LIST is then names: tap0,tap5b1ab0c7d3e
  --wait           until every tap is there and adopted, the namespace is gone, or stdin, if it is a pipe, is closed
  --timeout TIME   wait at most so long: 500ms, 30s, 10m (default 10m)
  -h, --help       this text

Exit status: 0 when the namespace could be looked at or is gone, 1 when not, 2 for wrong words.
`;

/** A pod cannot have more NICs than this, and our memory shall have a bound. */
const mostTaps = 256;
const usualWaitMs = 600_000;
const longestWaitMs = 86_400_000;
const flags: readonly string[] = ["--noqueue-only", "--wait", "--help"];
const valued: readonly string[] = ["--netns", "--tap", "--timeout"];

/** `words` is what follows "adopt"; "help" where it was asked for. @throws AdoptUsageError */
export function parseAdoptOptions(words: readonly string[]): AdoptOptions | "help" {
  const given = readWords(words);
  if (given.has("--help")) return "help";
  const netns = given.get("--netns");
  if (netns === undefined) throw new AdoptUsageError('"--netns" is missing: give the path of a network namespace');
  const list = given.get("--tap");
  if (list === undefined) throw new AdoptUsageError('"--tap" is missing: give names and queues, as in tap0=4');
  const timeout = given.get("--timeout");
  if (timeout !== undefined && !given.has("--wait")) throw new AdoptUsageError('"--timeout" is for "--wait"');
  const waitMs = timeout === undefined ? usualWaitMs : parseDuration(timeout);
  const taps = parseTaps(list, given.has("--noqueue-only"));
  return { netns, taps, waitMs: given.has("--wait") ? waitMs : undefined };
}

function readWords(words: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const equals = word.indexOf("=");
    const said = equals < 0 ? word : word.slice(0, equals);
    const name = said === "-h" ? "--help" : said;
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    if (given.has(name)) throw new AdoptUsageError(`"${said}" is given twice`);
    if (flags.includes(name) && inline === undefined) given.set(name, "");
    else if (valued.includes(name)) given.set(name, readValue(said, inline, left));
    else throw new AdoptUsageError(flags.includes(name) ? `"${said}" takes no value` : `unknown word "${word}"`);
  }
  return given;
}

/** What looks like the next option is no value: this one's was forgotten. */
function readValue(said: string, inline: string | undefined, left: string[]): string {
  const value = inline ?? (left[0]?.startsWith("-") === true ? "" : (left.shift() ?? ""));
  if (value === "") throw new AdoptUsageError(`"${said}" needs a value`);
  return value;
}

function parseTaps(list: string, isNoqueueOnly: boolean): readonly WantedAdoption[] {
  const taps = list.split(",").map((entry) => parseTap(entry, isNoqueueOnly));
  if (taps.length > mostTaps) throw new AdoptUsageError(`"--tap" names ${taps.length} taps, more than ${mostTaps}`);
  const names = new Set<string>();
  for (const { name } of taps) {
    if (names.has(name)) throw new AdoptUsageError(`"--tap" names "${name}" twice`);
    names.add(name);
  }
  return taps;
}

function parseTap(entry: string, isNoqueueOnly: boolean): WantedAdoption {
  const [name = "", queues, ...more] = entry.split("=");
  const fault = interfaceNameFault(name);
  if (fault !== undefined) throw new AdoptUsageError(`"--tap" names "${name}", which ${fault}`);
  if (isNoqueueOnly) {
    if (queues === undefined) return { name, queues };
    throw new AdoptUsageError(`"--tap" says "${entry}", but with "--noqueue-only" it lists names alone`);
  }
  if (queues !== undefined && more.length === 0 && /^[1-9]\d{0,2}$/.test(queues) && Number(queues) <= 256) {
    return { name, queues: Number(queues) };
  }
  throw new AdoptUsageError(`"--tap" says "${entry}": it must be a name and 1 to 256 queues, as in tap0=4`);
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function parseDuration(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,8})(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * (unitMs[unit] ?? 0);
  if (ms > 0 && ms <= longestWaitMs) return ms;
  throw new AdoptUsageError(`"--timeout" is "${text}": it must be a time up to 24h, as in 30s or 10m`);
}
