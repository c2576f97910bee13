// What each reason of a profile's conditions means to an administrator, and what to do: the condition's message has the
// particulars. The compiler holds the list to operator/agent/reasons.ts.
import type { ProblemReason } from "../../operator/agent/reasons.ts";

/** A line of a troubleshooting table. */
export interface Advice {
  readonly meaning: string;
  readonly whatToDo: string;
}

/** In normal operation. */
type NormalReason = "Applied" | "NothingToApply" | "AsExpected" | "Installed" | "NotManaged";

/** In uninstall mode. */
type UninstallReason = "UninstallMode" | "StillNeeded" | "Uninstalled";

export const normalReasons: Readonly<Record<NormalReason, Advice>> = {
  Applied: { meaning: "the node has what its profile asks for", whatToDo: "nothing" },
  NothingToApply: { meaning: "no NodeNetworkConfig asks for anything on this node", whatToDo: "nothing" },
  AsExpected: { meaning: "nothing is wrong", whatToDo: "nothing" },
  Installed: { meaning: "the plugin on the node is this agent's release", whatToDo: "nothing" },
  NotManaged: {
    meaning: "this agent was given no CNI directory and installs nothing",
    whatToDo: "keep the plugin on the node at the agent's release by other means, or set `--cni-bin-dir`",
  },
};

export const uninstallReasons: Readonly<Record<UninstallReason, Advice>> = {
  UninstallMode: {
    meaning: "this node's agent takes mqtap off the node and heeds no profile",
    whatToDo: "wait for `Uninstalled`, or apply the installation again to go back",
  },
  StillNeeded: {
    meaning: "the plugin is still on the node, since something refers to it",
    whatToDo: "see the condition `Uninstalled`",
  },
  Uninstalled: {
    meaning: "values are restored, plugin and policy are gone",
    whatToDo: "delete mqtap once every profile says so",
  },
};

export const problemReasons: Readonly<Record<ProblemReason, Advice>> = {
  ProfileInvalid: {
    meaning: "the agent does not understand its profile, and keeps what was applied last",
    whatToDo: "bring controller, agents and CRDs to one release",
  },
  StateNotSaved: {
    meaning: "/var/lib/mqtap on the node cannot be written, so no value is changed that could not be restored",
    whatToDo: "make room there, or make it writable",
  },
  EnforcementUnavailable: {
    meaning: "a config says `enforcement: Required`, and this node's kernel has nothing that could refuse a queue",
    whatToDo: "say `BestEffort`, or let the config select nodes that have the sysctl",
  },
  SysctlReadOnly: {
    meaning: "the sysctl cannot be written from the agent's pod",
    whatToDo: "look whether the volume `sysctls` is mounted at /host/proc/sys/net, and what else makes it read-only",
  },
  ValueRefused: {
    meaning: "the kernel refuses the value",
    whatToDo: "give the config a value that this kernel takes; the message has the kernel's error",
  },
  ReadBackMismatch: {
    meaning: "the kernel took the value and shows another one",
    whatToDo: "use the value it shows, or leave the key out for these nodes",
  },
  SysctlUnreadable: { meaning: "the sysctl is there and cannot be read", whatToDo: "look at the node's kernel log" },
  KeyNotAllowed: {
    meaning: "the profile names a sysctl that this agent does not set",
    whatToDo: "bring controller, agents and CRDs to one release",
  },
  TunDeviceMissing: {
    meaning: "the node has no /dev/net/tun, so no VM can have a tap there",
    whatToDo: "`modprobe tun` on the node, and load it at boot",
  },
  KernelWithoutMultiQueue: {
    meaning: "the node's kernel makes no tap with several queues",
    whatToDo: "use a kernel from 3.8 on, built with TUN",
  },
  KernelLimitBelowTwo: {
    meaning: "the kernel's own limit is 1: VMs with networkInterfaceMultiqueue cannot start there",
    whatToDo: "raise the sysctl to 2 or more, or set `tuntap.maxQueues` in a NodeNetworkConfig",
  },
  DirectoryMissing: {
    meaning: "the CNI directory that the agent was given is not on the node",
    whatToDo: "give it the one of your distribution (deploy/README.md has them)",
  },
  DirectoryWithoutPlugins: {
    meaning: "the CNI directory holds no plugin but mqtap, so the runtime may look elsewhere",
    whatToDo: "give the agent the runtime's own: `bin_dir` of containerd, `plugin_dirs` of CRI-O",
  },
  DirectoryReadOnly: {
    meaning: "the CNI directory cannot be written",
    whatToDo:
      "give the agent one that can be, and that the runtime looks into; or bring the plugin with the node's image",
  },
  PluginSourceMissing: {
    meaning: "the agent's image holds no plugin",
    whatToDo: "use the image as `npm run images` makes it",
  },
  ForeignFile: {
    meaning: "the CNI directory has a file `mqtap` that is not mqtap's, and it is left alone",
    whatToDo: "remove it from the node; the agent installs the plugin then",
  },
  Contested: {
    meaning: "someone else keeps replacing the plugin: two releases of mqtap on a node",
    whatToDo: "look for a second DaemonSet of mqtap, or a node image that brings its own",
  },
  HostIncompatible: {
    meaning: "the plugin does not run on this node; an earlier one that does is kept",
    whatToDo: "look whether the directory is mounted noexec, and whether the image is of the node's architecture",
  },
  DiskFull: { meaning: "there is no room for the plugin", whatToDo: "make room on the node" },
  InstallFailed: {
    meaning: "the plugin cannot be written, for another reason",
    whatToDo: "see the message; the agent tries again",
  },
  PolicyInvalid: {
    meaning: "the ConfigMap `mqtap-policy` cannot be used; the node keeps the policy that it has",
    whatToDo: "correct its `policy.json`",
  },
  PolicyNotWritten: {
    meaning: "/etc/cni/mqtap/policy.json cannot be written",
    whatToDo: "make /etc/cni/mqtap writable, or say `--policy-file=` and bring the file with the node's image",
  },
  PolicyContested: {
    meaning: "someone else keeps changing the policy file",
    whatToDo: "stop them, or put that policy into the ConfigMap",
  },
  PolicyForeign: {
    meaning: "there is a policy file that mqtap did not write; it stays, and holds",
    whatToDo: "delete it, and the agent writes its own; or say `--policy-file=` to keep it yours",
  },
  CrdsOutdated: {
    meaning: "the API server does not keep what this agent reports, since its CRDs are of an older release",
    whatToDo: "`kubectl apply -k crds`",
  },
  Overridden: {
    meaning: "someone else keeps changing a sysctl back; the agent has given up for now",
    whatToDo: "look for a file in /etc/sysctl.d, TuneD or another agent; take the key out of one of them",
  },
  RestoreFailed: {
    meaning: "a value from before mqtap could not be put back",
    whatToDo: "set it by hand; the message has it",
  },
  StateFileCorrupt: {
    meaning: "the agent's record was damaged and is set aside: nothing is restored until the next boot",
    whatToDo: "look at the file that the message names, then delete it",
  },
  NodeFileNotWritten: {
    meaning: "node.json cannot be written, so the plugin sizes static taps by an old limit",
    whatToDo: "make room in /var/lib/mqtap, or make it writable",
  },
  InspectionFailed: {
    meaning: "the agent cannot look at the taps of the node, so nobody knows whether VMs keep the limit",
    whatToDo: "see the message: the plugin is missing or of another release, or a namespace cannot be read",
  },
  AdoptionUnavailable: {
    meaning:
      "taps that KubeVirt makes itself are not adopted on this node: the runtime's cache cannot be read or is not there",
    whatToDo:
      "look whether /var/lib/cni is mounted into the agent's pod, or switch adoption off with an empty `CNI_CACHE_DIR`",
  },
  RemovalFailed: {
    meaning: "something of mqtap's cannot be removed from the node",
    whatToDo: "see the message; the agent tries again",
  },
  TapsPresent: {
    meaning: "pods have taps of mqtap, and their deletion needs the plugin",
    whatToDo: "stop or migrate these VMs, or leave the plugin there",
  },
  ConfigurationsRefer: {
    meaning: "a CNI configuration of the node names mqtap",
    whatToDo: "take mqtap out of it",
  },
  NetworksRefer: {
    meaning: "a NetworkAttachmentDefinition names mqtap",
    whatToDo: "delete it, or take mqtap out of its `spec.config`",
  },
  ConfigurationsUnreadable: {
    meaning: "the agent cannot see the node's CNI configurations, so the plugin stays",
    whatToDo: "give the volume `cni-conf` the path that this distribution has",
  },
  NetworksUnreadable: {
    meaning: "the agent may not list NetworkAttachmentDefinitions, so the plugin stays",
    whatToDo: "apply deploy/overlays/uninstall, which holds that right",
  },
};
