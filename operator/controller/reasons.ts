// Every reason the controller gives, in conditions and events, with what it means. Messages say the particulars.

/** Condition.reason and Event.reason by their meaning. */
export const reasons = {
  AllNodesReady: "every node that can be reached has applied the config",
  AsExpected: "nothing is wrong",
  Complete: "no node is under way",
  ConflictingValues: "configs of equal priority ask for different values of a key on the same node",
  EnforcementUnavailable: "enforcement is Required, and the node has nothing in its kernel that could refuse",
  KernelSysctlBindsAllTaps: "on some nodes the limit is a kernel sysctl, which binds taps of VMs without the hook too",
  NoConflict: "no config of equal priority asks for other values",
  NoNodeSelected: "spec.nodeSelector selects no Linux node",
  NodesDegraded: "some nodes have applied the config and report a problem all the same",
  NodesFailed: "some nodes cannot apply the config",
  NodesUnreachable: "no node can be reached",
  NotPaused: "spec.paused is false",
  PausedBySpec: "spec.paused is true",
  ProfileRejected: "the API server refuses the profile the controller renders for the node",
  ProgressDeadlineExceeded: "the node's agent has not answered within spec.rollout.progressDeadline",
  RollingOut: "some nodes have not applied the config yet",
  SysctlFailed: "the node's agent could not set a sysctl",
  UnsupportedEverywhere: "no node has a kernel that knows one of the keys",
  ValuesOverridden: "someone else keeps changing a value back",
} as const;

/** One of them. */
export type Reason = keyof typeof reasons;
