// k: how many queues KubeVirt itself will open for an interface (kubevirt.md, section 2.4).

import type { Vmi, VmiInterface } from "./vmi.ts";

/** MAX_TAP_QUEUES of linux/if_tun.h, and KubeVirt's own MultiQueueMaxQueues. */
export const kernelMaxQueues = 256;

/** A single-queue interface says why it is one; `text` is ready for a person. */
export interface KubevirtQueues {
  readonly count: number;
  readonly text: string;
}

export function kubevirtQueues(vmi: Vmi, nic: VmiInterface, isMigrationTarget: boolean): KubevirtQueues {
  if (!nic.isVirtio) return { count: 1, text: `model ${nic.model} has one queue` };
  // before all that the spec says: the XML is the source's, and so is its count, also where multiqueue is off by now
  if (isMigrationTarget && nic.runningQueues !== undefined) {
    const count = Math.min(Math.max(nic.runningQueues, 1), kernelMaxQueues);
    return { count, text: `the migrating VM runs with ${count}` };
  }
  if (!vmi.hasMultiqueue) return { count: 1, text: "multiqueue is off" };
  const count = Math.min(Math.max(vmi.vcpus, 1), kernelMaxQueues);
  return { count, text: vmi.vcpus <= 1 ? "1 vCPU" : `${vmi.vcpus} vCPUs` };
}

/** The interfaces that share maxQueuesPerVM: those of a tap with several queues, whatever each makes of its share. */
export function multiqueueInterfaces(vmi: Vmi, isMigrationTarget: boolean): readonly VmiInterface[] {
  return vmi.interfaces.filter(
    (nic) =>
      !nic.isAbsent &&
      nic.binding.kind !== "sriov" &&
      nic.binding.kind !== "passt" &&
      kubevirtQueues(vmi, nic, isMigrationTarget).count > 1,
  );
}
