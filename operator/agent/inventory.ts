// The taps on this node as `mqtap inspect --all` sees them. Foreign ones too: a tap of ours whose alias somebody in the
// pod has changed looks like one. A report with failures is still a report: of the namespaces that could be read.

import { type InspectReport, parseReport, ReportFormatError } from "../../cni/inspect/report.ts";
import type { ProgramResult, RunProgram } from "./run-program.ts";

/** The plugin could not be run, or printed no report. */
export class InventoryError extends Error {
  override readonly name = "InventoryError";
  /** True where the plugin is not there: it may be installed later. */
  readonly isAbsent: boolean;

  constructor(message: string, { isAbsent = false, cause }: { isAbsent?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.isAbsent = isAbsent;
  }
}

export interface InventoryOptions {
  readonly pluginPath: string;
  readonly run: RunProgram;
  readonly timeoutMs?: number;
  /** Which taps to look for: all of the node, unless told. */
  readonly scope?: readonly string[];
}

/** A report of 250 taps is 140 kB. */
const mostBytes = 4 << 20;

/** Takes an inventory now. It rejects with {@link InventoryError} alone. */
export type TakeInventory = (signal: AbortSignal) => Promise<InspectReport>;

export function createInventory({
  pluginPath,
  run,
  timeoutMs = 15_000,
  scope = ["--all", "--foreign"],
}: InventoryOptions): TakeInventory {
  const args = ["inspect", ...scope, "-o", "json"];
  return async (signal) => readReport(pluginPath, await run({ file: pluginPath, args, timeoutMs, mostBytes, signal }));
}

function readReport(pluginPath: string, result: ProgramResult): InspectReport {
  const head = `cannot count the queues of this node's taps: "${pluginPath} inspect"`;
  switch (result.kind) {
    case "absent":
      throw new InventoryError(`${head} is not there: install the plugin, or say --plugin`, { isAbsent: true });
    case "failed":
      throw new InventoryError(`${head} failed: ${result.why}`);
    case "ended":
      // 1 with a report: some namespaces could not be read.
      if (result.status > 1 || result.stdout === "") {
        const said = result.stderr.trim().slice(0, 500) || "nothing";
        throw new InventoryError(`${head} ended with status ${result.status} and said: ${said}`);
      }
      return parse(head, result.stdout);
    default:
      return result satisfies never;
  }
}

function parse(head: string, text: string): InspectReport {
  try {
    return parseReport(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof ReportFormatError)) throw error;
    throw new InventoryError(
      `${head} printed no report that this agent reads (${error.message}): are both of one release?`,
      {
        cause: error,
      },
    );
  }
}
