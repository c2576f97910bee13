// Reasons of the profile's conditions, in order of weight: the first that applies names the condition.

const failures = [
  "ProfileInvalid",
  "StateNotSaved",
  "EnforcementUnavailable",
  "SysctlReadOnly",
  "ValueRefused",
  "ReadBackMismatch",
  "SysctlUnreadable",
  "KeyNotAllowed",
] as const;

const impairments = [
  "TunDeviceMissing",
  "KernelWithoutMultiQueue",
  "KernelLimitBelowTwo",
  "DirectoryMissing",
  "PluginSourceMissing",
  "ForeignFile",
  "Contested",
  "HostIncompatible",
  "DirectoryReadOnly",
  "DiskFull",
  "InstallFailed",
  "PolicyInvalid",
  "PolicyNotWritten",
  "PolicyContested",
  "PolicyForeign",
  "DirectoryWithoutPlugins",
  "CrdsOutdated",
  "Overridden",
  "RestoreFailed",
  "StateFileCorrupt",
  "NodeFileNotWritten",
  "InspectionFailed",
  "AdoptionUnavailable",
] as const;

/** What keeps the plugin on a node that mqtap is being taken off. */
const references = [
  "TapsPresent",
  "ConfigurationsRefer",
  "NetworksRefer",
  "ConfigurationsUnreadable",
  "NetworksUnreadable",
] as const;

const problemReasons = [...failures, ...impairments, "RemovalFailed", ...references] as const;

/** Failures mean that the node has not what it shall have; the rest that a person should look at it all the same. */
export type ProblemReason = (typeof problemReasons)[number];

/** Something a person should look at; the message says what to do. */
export interface Problem {
  readonly reason: ProblemReason;
  readonly message: string;
}

/** Problems in order of weight. */
export function byWeight(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => problemReasons.indexOf(a.reason) - problemReasons.indexOf(b.reason));
}

/** True when the profile counts as not applied because of this. */
export function isFailure({ reason }: Problem): boolean {
  return failures.some((failure) => failure === reason);
}

/** True for what needs the plugin, or may need it, while mqtap is being uninstalled. */
export function isReference({ reason }: Problem): boolean {
  return references.some((reference) => reference === reason);
}
