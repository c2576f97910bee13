// A VM's start waits while pod and VMI are read. KubeVirt names launcher pods after their VMs, so both can be read at once.

import type { SizingRequest } from "../../../cni/sizing/protocol.ts";
import type { SizingCluster } from "./cluster.ts";
import type { Vmi } from "./vmi.ts";

/**
 * Begins to read the VMI that the pod's name tells of. The name is only a guess: what is given back reads the VMI of the name
 * that the pod's owner turned out to have, anew where that is another one.
 */
export function readVmiAhead(
  { podNamespace, podName }: Pick<SizingRequest, "podNamespace" | "podName">,
  cluster: Pick<SizingCluster, "vmi">,
  signal: AbortSignal,
): (name: string) => Promise<Vmi | undefined> {
  // generateName of KubeVirt v1.9.0 (services/template.go); the API server cuts long ones
  const guess = /^virt-launcher-(.+)-[a-z0-9]{5}$/.exec(podName)?.[1];
  const ahead = guess === undefined ? undefined : cluster.vmi(podNamespace, guess, signal);
  // nobody need know why it failed where nobody asks for it
  ahead?.catch(() => undefined);
  return (name) => (ahead !== undefined && name === guess ? ahead : cluster.vmi(podNamespace, name, signal));
}
