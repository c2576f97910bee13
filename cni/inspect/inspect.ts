// One run of `mqtap inspect`: words in, texts and an exit status out. The process is programs/inspect.ts's.

import { type CollectEffects, collect, NoPermissionError } from "./collect.ts";
import { type InspectOptions, parseOptions, synopsis, UsageError, usage } from "./options.ts";
import { formatReport, type InspectFailure, type InspectReport } from "./report.ts";
import { shown } from "./shown.ts";
import { formatTable } from "./table.ts";

export interface InspectOutcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: 0 | 1 | 2;
}

/** `words` is argv from its second on. */
export function inspect(effects: CollectEffects, words: readonly string[]): InspectOutcome {
  let options: InspectOptions | "help";
  try {
    options = parseOptions(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return {
      stdout: "",
      stderr: `mqtap: ${shown(error.message)}\n${synopsis()}\n"mqtap inspect -h" tells more\n`,
      exitStatus: 2,
    };
  }
  if (options === "help") return { stdout: usage(), stderr: "", exitStatus: 0 };
  try {
    const report = collect(effects, options);
    const stderr = report.failures.map(explain).join("");
    return { stdout: print(report, options, effects), stderr, exitStatus: report.failures.length === 0 ? 0 : 1 };
  } catch (error) {
    if (!(error instanceof NoPermissionError)) throw error;
    const stderr = `mqtap: cannot enter any network namespace: ${error.message}: run it as root, with CAP_SYS_ADMIN\n`;
    return { stdout: "", stderr, exitStatus: 1 };
  }
}

function print(report: InspectReport, options: InspectOptions, effects: CollectEffects): string {
  const { hasForeign, output, scope } = options;
  if (output === "json") return formatReport(report);
  // Nothing was seen, which is not the same as nothing being there.
  if (scope.kind !== "all" && report.failures.length > 0) return "";
  return formatTable(report, { hasForeign, where: placeOf(options, effects) });
}

function explain({ netns, why }: InspectFailure): string {
  return `mqtap: cannot look into "${shown(netns)}": ${shown(why)}\n`;
}

function placeOf({ scope }: InspectOptions, { netnsDirs }: CollectEffects): string {
  switch (scope.kind) {
    case "own":
      return "this network namespace (--all looks into every one)";
    case "all":
      return `${netnsDirs().join(", ")} and this network namespace`;
    case "path":
      return scope.path;
    default:
      return scope satisfies never;
  }
}
