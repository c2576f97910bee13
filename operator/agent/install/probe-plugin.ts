// Asks a program what it is, by the two calls that change nothing: VERSION of the CNI specification, and none at all,
// to which plugins answer with their name.

import { isRecord } from "../../kube/object-meta.ts";
import type { ProgramResult, RunProgram } from "../run-program.ts";

export type Answer =
  | { readonly kind: "mqtap" }
  /** A CNI plugin, but another one. */
  | { readonly kind: "plugin" }
  | { readonly kind: "none"; readonly why: string };

export type ProbePlugin = (file: string, signal: AbortSignal) => Promise<Answer>;

export function createProbe(run: RunProgram): ProbePlugin {
  return async (file, signal) => {
    const bounds = { file, args: [], timeoutMs: 10_000, mostBytes: 65_536, signal };
    const version = await run({ ...bounds, env: { CNI_COMMAND: "VERSION" } });
    const why = faultOf(version);
    if (why !== undefined) return { kind: "none", why };
    const about = await run(bounds);
    const isMqtap = about.kind === "ended" && about.status === 0 && about.stderr.startsWith("mqtap: ");
    return { kind: isMqtap ? "mqtap" : "plugin" };
  };
}

function faultOf(result: ProgramResult): string | undefined {
  switch (result.kind) {
    case "absent":
      return "it cannot be started: ENOENT (it needs a program loader that is not here)";
    case "failed":
      return `it cannot be started: ${result.why}`;
    case "ended":
      if (result.status !== 0) return `VERSION ended with status ${result.status}`;
      return isVersionAnswer(result.stdout) ? undefined : "its answer to VERSION makes no sense";
    default:
      return result satisfies never;
  }
}

function isVersionAnswer(text: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    return isRecord(answer) && Array.isArray(answer["supportedVersions"]) && answer["supportedVersions"].length > 0;
  } catch {
    return false;
  }
}
