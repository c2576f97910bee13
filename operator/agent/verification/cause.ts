// Why a VM runs with more queues than wished, most likely, and what to do about it. Pure.

import type { TapReport } from "../../../cni/inspect/report.ts";
import type { Attachment } from "../state.ts";

/** Also the metric's label. */
export type CauseKind =
  | "no-hook"
  | "migrated-in"
  | "hotplugged"
  | "alias-changed"
  | "hook-without-effect"
  | "raised-by-another-hook"
  | "changed-by-another-hook";

export interface Cause {
  readonly kind: CauseKind;
  /** What happened and what to do, for a person. */
  readonly text: string;
}

/** `open` is above what was wished. */
export function likelyCause(
  { pod, wanted, queues, obstacle, isAdopted }: Attachment,
  open: number,
  tap: TapReport,
): Cause {
  const [namespace = "", name = ""] = pod.split("/");
  if (open > wanted) {
    const text = `KubeVirt computes ${wanted}, so another hook raises it: look at the VM's other hook sidecars`;
    return { kind: "raised-by-another-hook", text };
  }
  if (obstacle === "no-hook") {
    const text =
      "the pod has no mqtap hook: add it to the VM and restart the VM; " +
      "if its image bears another name, add that to the agent's flag --hook-image-names";
    return { kind: "no-hook", text };
  }
  if (obstacle === "migration-target") {
    const text = "the VM migrated in and keeps the queues that it ran with: restart it, and it gets this node's limit";
    return { kind: "migrated-in", text };
  }
  if (obstacle === "hotplugged") {
    const text =
      "KubeVirt's own count on an interface plugged into the running VM: restart the VM, and the hook sees it";
    return { kind: "hotplugged", text };
  }
  if (tap.mark !== undefined && tap.mark.queues > queues && tap.mark.queues >= open) {
    const text = `the hook obeys the tap's alias, which says ${tap.mark.queues}: something in the pod with NET_ADMIN changed it`;
    return { kind: "alias-changed", text };
  }
  const logs = `kubectl logs -n ${namespace} ${name} --all-containers`;
  if (open < wanted) {
    return {
      kind: "changed-by-another-hook",
      text: `the hook's number was changed after it: look at the VM's other hooks (${logs})`,
    };
  }
  const late = isAdopted === true ? ", or read the domain before the tap was adopted" : "";
  const text = `the pod's hook was skipped or could not lower the number${late}: look at its log (${logs}), and restart the VM`;
  return { kind: "hook-without-effect", text };
}
