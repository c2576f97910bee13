// What a VM's owner reads about an interface: one event per pod and network when its tap is sized.
// Interfaces of one queue because multiqueue is off are not news, so they get none.

import type { NewEvent } from "../../kube/events.ts";
import type { SizedInterface } from "./answer.ts";

/** undefined: nothing to say. */
export function plannedEvent({ vmi, pod, decision }: SizedInterface): NewEvent | undefined {
  if (!vmi.hasMultiqueue) return undefined;
  const isRefused = decision.kind === "refused";
  return {
    regarding: {
      apiVersion: "kubevirt.io/v1",
      kind: "VirtualMachineInstance",
      namespace: vmi.namespace,
      name: vmi.name,
      uid: vmi.uid,
    },
    related: { apiVersion: "v1", kind: "Pod", namespace: pod.namespace, name: pod.name, uid: pod.uid },
    type: isRefused || decision.kind === "advisory" ? "Warning" : "Normal",
    reason: isRefused ? "QueuesRefused" : "QueuesPlanned",
    action: "SizeTap",
    note: decision.text,
  };
}
