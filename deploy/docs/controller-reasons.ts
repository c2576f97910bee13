// What to do about each reason of the controller's: beside what operator/controller/reasons.ts says it means.
import { type Reason, reasons } from "../../operator/controller/reasons.ts";
import type { Advice } from "./agent-reasons.ts";

const whatToDo: Readonly<Record<Reason, string>> = {
  AllNodesReady: "nothing",
  AsExpected: "nothing",
  Complete: "nothing",
  ConflictingValues: "give one of the configs the higher `priority`, or the same values; the message names them",
  EnforcementUnavailable: "say `BestEffort`, or select nodes whose kernel has the sysctl",
  KernelSysctlBindsAllTaps: "give every VM the hook, or a limit that none of them exceeds",
  NoConflict: "nothing",
  NoNodeSelected: "compare `spec.nodeSelector` with `kubectl get nodes --show-labels`",
  NodesDegraded: "see `kubectl get mqp` and the condition Degraded there",
  NodesFailed: "see `status.failing`, then the condition Applied of those profiles",
  NodesUnreachable: "look at the nodes: they are not Ready",
  NotPaused: "nothing",
  PausedBySpec: "set `spec.paused: false` when nodes shall follow again",
  ProfileRejected: "bring CRDs and controller to one release; the message has the API server's words",
  ProgressDeadlineExceeded: "look at the agent of that node: `kubectl -n mqtap-system get pods -o wide`",
  RollingOut: "wait",
  SysctlFailed: "see the profile's condition Applied",
  UnsupportedEverywhere: "take the key out: none of the selected nodes' kernels has it",
  ValuesOverridden: "see the profile's condition Applied, reason Overridden",
};

/** Reason -> what it means, what to do. */
export const controllerAdvice: Readonly<Record<string, Advice>> = Object.fromEntries(
  Object.entries(whatToDo).map(([reason, todo]) => [reason, { meaning: meaningOf(reason), whatToDo: todo }]),
);

function meaningOf(reason: string): string {
  const [, meaning] = Object.entries(reasons).find(([name]) => name === reason) ?? [];
  if (meaning === undefined) throw new TypeError(`the controller has no reason "${reason}"`);
  return meaning;
}
