// What is wrong with a node beside its profile: no tun device, none with more than one queue, a kernel limit no multiqueue
// VM can live with, a state file that was lost.

import type { Problem } from "./reasons.ts";

export interface NodeFacts {
  readonly hasTunDevice: boolean;
  readonly tunDevice: string;
  /** undefined where nobody can say. */
  readonly hasMultiQueue: boolean | undefined;
  readonly kernelLimit: number | undefined;
  readonly kernelSysctlPath: string;
  /** State files set aside as corrupt that nobody has removed. */
  readonly setAside: readonly string[];
}

export function nodeProblems(facts: NodeFacts): readonly Problem[] {
  const problems: Problem[] = [];
  const { kernelLimit, setAside } = facts;
  if (!facts.hasTunDevice) {
    const message = `${facts.tunDevice} is missing, so no VM can have a tap here: load the kernel module tun on this node`;
    problems.push({ reason: "TunDeviceMissing", message });
  }
  if (facts.hasMultiQueue === false) {
    const message =
      "this node's kernel makes no multiqueue taps (TUNGETFEATURES lacks IFF_MULTI_QUEUE, which Linux has since 3.8): VMs with " +
      "networkInterfaceMultiqueue cannot start here; update the kernel, or keep such VMs from this node";
    problems.push({ reason: "KernelWithoutMultiQueue", message });
  }
  if (kernelLimit !== undefined && kernelLimit < 2) {
    const message =
      `${facts.kernelSysctlPath} is ${kernelLimit}: VMs with networkInterfaceMultiqueue cannot start on this node; ` +
      "raise it to 2 or more, or set tuntap.maxQueues in a NodeNetworkConfig";
    problems.push({ reason: "KernelLimitBelowTwo", message });
  }
  if (setAside.length > 0) {
    const message =
      `the agent's state was corrupt and is set aside as ${setAside.join(", ")}: values from before mqtap are not known ` +
      "for this boot and will not be restored; look at it, then delete it";
    problems.push({ reason: "StateFileCorrupt", message });
  }
  return problems;
}
