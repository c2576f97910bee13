// The words behind `mqtap`, when a person started it: what to look at and how to print it.

export interface InspectOptions {
  readonly scope:
    | { readonly kind: "own" }
    | { readonly kind: "all" }
    | { readonly kind: "path"; readonly path: string };
  /** All taps and tuns, not mqtap's alone. */
  readonly hasForeign: boolean;
  readonly output: "table" | "json";
}

/** Words that mean nothing here; the message says which. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** One line that says which words there are. */
export const synopsis = (): string => "usage: mqtap inspect [--netns PATH | --all] [--foreign] [-o table|json]";

/** What `mqtap inspect -h` prints. */
export const usage = (): string => `${synopsis()}

Lists the taps of mqtap: those that carry its alias. Needs root.

  --netns PATH       in the network namespace at PATH, for instance /run/netns/NAME or /proc/PID/ns/net
  --all              in every namespace of the runtime's directories, and in this one
                     (neither: in this one alone)
  --foreign          all taps and tuns, whoever made them
  -o, --output FORM  table (for people) or json (for programs; has more fields)
  -h, --help         this text

In the table, SIZED is the number of queues that the tap is meant for, OPEN how many of them a program holds, with those that
the guest has not enabled, OWNER who may open it (uid:gid). MEMORY is the kernel's, estimated from measured figures.

Exit status: 0, 1 when a namespace could not be read (the rest is printed), 2 for wrong words.
`;

/** `words` is argv from its second on; "help" where it was asked for. @throws UsageError */
export function parseOptions(words: readonly string[]): InspectOptions | "help" {
  const [command, ...rest] = words;
  if (command === "-h" || command === "--help" || command === "help") return "help";
  if (command !== "inspect") throw new UsageError(`unknown command "${command ?? ""}": say "inspect"`);
  const given = readWords(rest);
  if (given.has("--help")) return "help";
  const path = given.get("--netns");
  if (path !== undefined && given.has("--all")) throw new UsageError('"--netns" and "--all" exclude each other');
  const output = given.get("--output") ?? "table";
  if (output !== "table" && output !== "json") {
    throw new UsageError(`unknown output "${output}": say "table" or "json"`);
  }
  const scope = given.has("--all") ? { kind: "all" as const } : { kind: "own" as const };
  return { scope: path === undefined ? scope : { kind: "path", path }, hasForeign: given.has("--foreign"), output };
}

const short: Readonly<Record<string, string>> = { "-o": "--output", "-h": "--help" };
const flags: readonly string[] = ["--all", "--foreign", "--help"];
/** Each with what its value is. */
const valued: Readonly<Record<string, string>> = { "--netns": "a path", "--output": '"table" or "json"' };

/** `--name value`, `--name=value` or `--name`. */
function readWords(words: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const equals = word.indexOf("=");
    const said = equals < 0 ? word : word.slice(0, equals);
    const name = Object.hasOwn(short, said) ? (short[said] ?? said) : said;
    if (given.has(name)) throw new UsageError(`"${said}" is given twice`);
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    if (flags.includes(name)) given.set(name, noValue(said, inline));
    else if (Object.hasOwn(valued, name)) given.set(name, readValue(said, inline ?? nextWord(left), valued[name]));
    else throw new UsageError(`unknown word "${word}"`);
  }
  return given;
}

function noValue(said: string, inline: string | undefined): "" {
  if (inline !== undefined) throw new UsageError(`"${said}" takes no value`);
  return "";
}

/** What looks like the next option is no value: this one's was forgotten. */
function nextWord(left: string[]): string {
  return left[0]?.startsWith("-") === true ? "" : (left.shift() ?? "");
}

function readValue(said: string, value: string, wanted = "one"): string {
  if (value === "") throw new UsageError(`"${said}" needs a value: ${wanted}`);
  return value;
}
