// Runs `mqtap adopt` for one sandbox and reads what it says. The process waits inside the pod's network namespace, so that the
// agent never enters one.

import { type AdoptReport, AdoptReportError, parseAdoptReport } from "../../../cni/adopt/report.ts";
import type { RunProgram } from "../run-program.ts";

export interface PluginAdopt {
  readonly pluginPath: string;
  readonly run: RunProgram;
}

export interface AdoptCall {
  readonly netns: string;
  /** Without queues: the qdisc alone, and no waiting. */
  readonly taps: readonly { readonly tapName: string; readonly queues: number | undefined }[];
  readonly isNoqueueOnly: boolean;
  readonly signal: AbortSignal;
}

export type AdoptAnswer =
  | { readonly kind: "report"; readonly report: AdoptReport }
  /** The plugin is not installed yet. */
  | { readonly kind: "absent" }
  | { readonly kind: "failed"; readonly why: string };

const waitMinutes = 10;
/** Beyond its own time limit. */
const graceMs = 30_000;
const mostBytes = 1 << 20;

/** Never rejects. */
export async function adoptByPlugin(plugin: PluginAdopt, call: AdoptCall): Promise<AdoptAnswer> {
  const { netns, taps, isNoqueueOnly, signal } = call;
  const list = taps.map(({ tapName, queues }) => (isNoqueueOnly ? tapName : `${tapName}=${queues ?? 0}`)).join(",");
  const how = isNoqueueOnly ? ["--noqueue-only"] : ["--wait", "--timeout", `${waitMinutes}m`];
  const result = await plugin.run({
    file: plugin.pluginPath,
    args: ["adopt", "--netns", netns, "--tap", list, ...how],
    timeoutMs: waitMinutes * 60_000 + graceMs,
    mostBytes,
    signal,
  });
  if (result.kind !== "ended") return result;
  if (result.status !== 0) {
    return { kind: "failed", why: `status ${result.status}: ${result.stderr.trim().slice(0, 500) || "nothing said"}` };
  }
  try {
    return { kind: "report", report: parseAdoptReport(JSON.parse(result.stdout)) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof AdoptReportError)
      return { kind: "failed", why: error.message };
    throw error;
  }
}
