// The five conditions of a config, each decided by a chain of pure rules: the first that applies gives status, reason
// and a message that says what to do next.
import type { Enforcement } from "../../crds/tuntap.ts";
import type { NewCondition } from "../kube/conditions.ts";
import { compareText } from "./compare-text.ts";
import type { NodeReport } from "./node-standing.ts";
import { listOf, nodes, nodesAre, sentences } from "./phrases.ts";
import type { Reason } from "./reasons.ts";

/** Everything the conditions are decided from. */
export interface Findings {
  readonly reports: readonly NodeReport[];
  readonly counts: {
    readonly matched: number;
    readonly ready: number;
    readonly progressing: number;
    readonly failed: number;
    readonly unreachable: number;
    readonly unsupported: number;
    readonly overridden: number;
  };
  /** Ready nodes by what holds the limit there. */
  readonly backends: { readonly sysctl: number; readonly bpf: number; readonly advisory: number };
  readonly enforcement: Enforcement | undefined;
  readonly conflicts: readonly string[];
  readonly outranked: readonly string[];
  readonly isPaused: boolean;
}

interface Verdict {
  readonly status: NewCondition["status"];
  readonly reason: Reason;
  readonly message: string;
}

type Rule = (findings: Findings) => Verdict | undefined;

const verdict = (status: Verdict["status"], reason: Reason, message: string): Verdict => ({ status, reason, message });

/** Ready, Progressing, Degraded, Conflicting and Paused, in this order. */
export function judgeConfig(findings: Findings): readonly NewCondition[] {
  return Object.entries(chains).map(([type, [last, ...rules]]) => {
    const found = rules.map((rule) => rule(findings)).find((result) => result !== undefined);
    return { type, ...(found ?? last(findings)) };
  });
}

const noNodeSelected: Rule = ({ counts }) =>
  counts.matched === 0
    ? verdict(
        "False",
        "NoNodeSelected",
        "spec.nodeSelector selects no Linux node: compare it with kubectl get nodes --show-labels",
      )
    : undefined;

const heldBack: Rule = ({ isPaused, counts: { progressing, matched } }) =>
  isPaused && progressing > 0
    ? verdict(
        "False",
        "PausedBySpec",
        `on ${progressing} of ${nodes(matched)} this config is not in force as it is written, because it is paused: ` +
          "set spec.paused to false to go on",
      )
    : undefined;

const unsupportedEverywhere =
  (status: Verdict["status"]): Rule =>
  (findings) => {
    const keys = keysUnsupportedEverywhere(findings.reports);
    return keys.length === 0
      ? undefined
      : verdict(
          status,
          "UnsupportedEverywhere",
          `no kernel of ${nodes(findings.counts.matched)} knows ${keys.join(", ")}: ` +
            "take it out of spec.sysctls, or select nodes whose kernel has it",
        );
  };

const nodesFailed =
  (status: Verdict["status"]): Rule =>
  ({ reports, counts }) => {
    const first = reports.find(({ standing }) => standing.kind === "failed");
    if (first?.standing.kind !== "failed") {
      return undefined;
    }
    const { reason, message } = first.standing;
    return verdict(
      status,
      "NodesFailed",
      `${counts.failed} of ${nodes(counts.matched)} failed, first ${first.node} (${reason}): ${message}`,
    );
  };

const readyRollingOut: Rule = ({ counts }) =>
  counts.progressing > 0
    ? verdict("False", "RollingOut", `applied on ${counts.ready} of ${nodes(counts.matched)}`)
    : undefined;

const nobodyReachable: Rule = ({ counts }) =>
  counts.ready === 0
    ? verdict(
        "Unknown",
        "NodesUnreachable",
        `${nodesAre(counts.unreachable)} not ready: what is in force there is unknown until kubelet and agent are back`,
      )
    : undefined;

const allReady = (findings: Findings): Verdict =>
  verdict(
    "True",
    "AllNodesReady",
    sentences(
      `applied on ${findings.counts.ready} of ${nodes(findings.counts.matched)}`,
      findings.counts.unreachable > 0 &&
        `${nodesAre(findings.counts.unreachable)} unreachable and will apply it when back`,
      describeAdvisory(findings),
      describeKernelSysctl(findings),
      describeUnsupported(findings),
    ),
  );

const rollingOut: Rule = ({ isPaused, counts: { progressing, matched } }) =>
  progressing > 0 && !isPaused
    ? verdict("True", "RollingOut", `${progressing} of ${nodes(matched)} ${progressing === 1 ? "is" : "are"} under way`)
    : undefined;

const stopped: Rule = ({ isPaused }) =>
  isPaused ? verdict("False", "PausedBySpec", "spec.paused is true: changes of this config reach no node") : undefined;

const overridden: Rule = ({ reports, counts }) => {
  const first = reports.find((report) => report.overridden.length > 0);
  const value = first?.overridden[0];
  if (first === undefined || value === undefined) {
    return undefined;
  }
  return verdict(
    "True",
    "ValuesOverridden",
    `on ${nodes(counts.overridden)} someone else sets a value back, first ${first.node}: ${value.key} shall be ` +
      `"${value.desired}" and is "${value.observed}": look for it in that node's /etc/sysctl.d, or take it out of this config`,
  );
};

const impaired: Rule = ({ reports }) => {
  const all = reports.filter(({ impairment }) => impairment !== undefined);
  const [first] = all;
  return first?.impairment === undefined
    ? undefined
    : verdict(
        "True",
        "NodesDegraded",
        `${nodes(all.length)} ${all.length === 1 ? "reports" : "report"} a problem, first ${first.node} ` +
          `(${first.impairment.reason}): ${first.impairment.message}`,
      );
};

const conflicting: Rule = ({ conflicts }) =>
  conflicts.length > 0
    ? verdict(
        "True",
        "ConflictingValues",
        sentences(...bounded(conflicts), "Make the values equal, or give one of the configs a higher spec.priority"),
      )
    : undefined;

/** By condition type: first what holds when no rule applies, then the rules in order. */
const chains: Readonly<Record<string, readonly [(findings: Findings) => Verdict, ...Rule[]]>> = {
  Ready: [
    allReady,
    noNodeSelected,
    unsupportedEverywhere("False"),
    nodesFailed("False"),
    heldBack,
    readyRollingOut,
    nobodyReachable,
  ],
  Progressing: [() => verdict("False", "Complete", "no node is under way"), stopped, rollingOut],
  Degraded: [
    () => verdict("False", "AsExpected", "nothing is wrong"),
    nodesFailed("True"),
    unsupportedEverywhere("True"),
    overridden,
    impaired,
  ],
  Conflicting: [({ outranked }) => verdict("False", "NoConflict", describeNoConflict(outranked)), conflicting],
  Paused: [
    () => verdict("False", "NotPaused", "changes of this config reach its nodes"),
    ({ isPaused }) =>
      isPaused
        ? verdict(
            "True",
            "PausedBySpec",
            "nodes keep what they have from this config, and get nothing new of it: set spec.paused to false to go on",
          )
        : undefined,
  ],
};

/** Keys that every node which has reported lacks; reports of ready nodes alone would miss them. */
function keysUnsupportedEverywhere(reports: readonly NodeReport[]): readonly string[] {
  const settled = reports.filter(({ standing }) => standing.kind === "ready" || standing.kind === "failed");
  const keys = new Set(settled.flatMap(({ unsupported }) => unsupported));
  return [...keys].filter((key) => settled.every(({ unsupported }) => unsupported.includes(key))).toSorted(compareText);
}

/** A status stays small, however many configs quarrel. */
function bounded(texts: readonly string[]): readonly string[] {
  const most = 8;
  return texts.length <= most ? texts : [...texts.slice(0, most), `And ${texts.length - most} more like these`];
}

function describeNoConflict(outranked: readonly string[]): string {
  return sentences("no config of equal priority asks for other values", ...bounded(outranked));
}

function describeAdvisory({ backends, enforcement }: Findings): string | undefined {
  if (backends.advisory === 0) {
    return undefined;
  }
  return enforcement === "Advisory"
    ? `On ${nodes(backends.advisory)} the limit is advisory, as asked: plugin and hook obey it, nothing refuses`
    : `On ${nodes(backends.advisory)} the limit is advisory, since neither a kernel sysctl nor a BPF guard can hold it ` +
        "there: plugin and hook obey it, nothing refuses";
}

/** What a person must know before a VM fails to start because of it. */
export function describeKernelSysctl({ backends }: Pick<Findings, "backends">): string | undefined {
  return backends.sysctl === 0
    ? undefined
    : `On ${nodes(backends.sysctl)} the limit is a kernel sysctl, which binds every tap there: a VM that opens more ` +
        "queues, because its pod has no mqtap hook or it migrates in, fails to start: give such VMs the hook, or ask " +
        "for enforcement: Advisory";
}

function describeUnsupported({ reports, counts }: Findings): string | undefined {
  const keys = [...new Set(reports.flatMap(({ unsupported }) => unsupported))].toSorted(compareText);
  return counts.unsupported === 0
    ? undefined
    : `On ${nodes(counts.unsupported)} the kernel has no ${listOf(keys)}, which is normal: nothing to do`;
}
