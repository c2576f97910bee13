// Brings the node to one spec: the limit through its backends, the companion sysctls, and keys that vanished back to
// what they were. Everything that happened comes back as one report.

import type { LimitBackend as LimitBackendName, NodeNetworkProfileSpec } from "../../crds/node-network-profile.ts";
import { sysctlNames } from "../../crds/sysctl.ts";
import type { LimitBackend, WantedLimit } from "./backends/backend.ts";
import type { Problem } from "./reasons.ts";
import type { KeyReport, SysctlKeeper } from "./sysctl-keeper.ts";

export interface ApplyOptions {
  readonly spec: NodeNetworkProfileSpec;
  /** Strongest first; the last one holds everywhere. */
  readonly backends: readonly LimitBackend[];
  readonly keeper: Pick<SysctlKeeper, "keep">;
  /** Keys we have written, by path below the sysctl root. */
  readonly savedFiles: readonly string[];
  /** The limit's own sysctl, which its backend looks after. */
  readonly tuntapSysctl: string;
}

export interface SysctlReport extends KeyReport {
  readonly name: string;
}

export interface ApplyReport {
  /** What holds the limit; undefined where nothing limits. */
  readonly enforcedBy: LimitBackendName | undefined;
  /** Of the limit's own sysctl. */
  readonly original: string | null;
  /** What that sysctl read last; undefined where this kernel has none. */
  readonly observed: string | undefined;
  readonly sysctls: readonly SysctlReport[];
  readonly problems: readonly Problem[];
  readonly notices: readonly string[];
}

/** Never throws: what fails is in the report. */
export async function applySpec(options: ApplyOptions): Promise<ApplyReport> {
  const limit = await applyLimit(options);
  const sysctls = await applySysctls(options);
  const vanished = await restoreVanished(options);
  const reports = [...sysctls, ...vanished];
  return {
    ...limit,
    sysctls,
    problems: [...limit.problems, ...reports.flatMap(({ problem }) => problem ?? [])],
    notices: [...limit.notices, ...reports.flatMap(({ notice }) => notice ?? [])],
  };
}

async function applyLimit({ spec, backends }: ApplyOptions): Promise<Omit<ApplyReport, "sysctls">> {
  const limit = wantedLimit(spec);
  let enforcedBy: LimitBackendName | undefined;
  let original: string | null = null;
  let observed: string | undefined;
  const problems: Problem[] = [];
  const notices: string[] = [];
  for (const backend of backends) {
    const isAskedToRefuse = spec.tuntap?.enforcement !== "Advisory" || backend.name === "Advisory";
    const held = await backend.hold(isAskedToRefuse ? limit : undefined);
    if (held.holding.kind === "held") enforcedBy ??= backend.name;
    original ??= held.original;
    observed ??= held.observed;
    if (held.problem !== undefined) problems.push(held.problem);
    if (held.notice !== undefined) notices.push(held.notice);
  }
  if (spec.tuntap?.enforcement === "Required" && enforcedBy === "Advisory") problems.push(enforcementUnavailable);
  return { enforcedBy, original, observed, problems, notices };
}

const enforcementUnavailable: Problem = {
  reason: "EnforcementUnavailable",
  message:
    "enforcement is Required, but nothing on this node can refuse a queue: its kernel has no working limit of its own; " +
    "use BestEffort here, or select nodes that can",
};

function wantedLimit({ tuntap }: NodeNetworkProfileSpec): WantedLimit | undefined {
  if (tuntap?.maxQueues === undefined) return undefined;
  return { maxQueues: tuntap.maxQueues, onRemoval: tuntap.onRemoval };
}

async function applySysctls({ spec, keeper }: ApplyOptions): Promise<readonly SysctlReport[]> {
  const reports: SysctlReport[] = [];
  for (const { name, value, onRemoval } of spec.sysctls) {
    if (isAllowed(name)) reports.push({ name, ...(await keeper.keep(sysctlFile(name), { value, onRemoval })) });
    else reports.push(notAllowed(name, value));
  }
  return reports;
}

async function restoreVanished({
  spec,
  keeper,
  savedFiles,
  tuntapSysctl,
}: ApplyOptions): Promise<readonly KeyReport[]> {
  const kept = new Set([tuntapSysctl, ...spec.sysctls.map(({ name }) => sysctlFile(name))]);
  const reports: KeyReport[] = [];
  for (const file of savedFiles.filter((saved) => !kept.has(saved))) reports.push(await keeper.keep(file, undefined));
  return reports;
}

/** The list is compiled in: whoever may write a profile is still no one who may write any sysctl. */
function isAllowed(name: string): boolean {
  return sysctlNames.some((allowed) => allowed === name);
}

function notAllowed(name: string, value: string): SysctlReport {
  const message = `this agent does not know ${name} and leaves it alone: update the agent, or remove the key`;
  return {
    name,
    file: sysctlFile(name),
    desired: value,
    observed: undefined,
    original: null,
    state: "Failed",
    problem: { reason: "KeyNotAllowed", message },
    notice: undefined,
  };
}

/** "net.core.netdev_budget" -> "net/core/netdev_budget". */
function sysctlFile(name: string): string {
  return name.replaceAll(".", "/");
}
