// Whether a link is a tap that KubeVirt made for itself, and the two things that adoption does to it.

import type { Link } from "../kernel/kernel.ts";
import type { LinkEditor } from "../kernel/link-editor.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { formatAlias, parseAlias } from "../tap/alias.ts";
import type { WantedAdoption } from "./options.ts";
import type { TapOutcome } from "./report.ts";

/** What is to be done with a link; pure data. */
export type AdoptionPlan =
  /** Not there, or its maker is not done with it. */
  | { readonly kind: "wait"; readonly why: string }
  | { readonly kind: "leave"; readonly outcome: TapOutcome; readonly why: string | undefined }
  | { readonly kind: "adopt"; readonly alias: string | undefined; readonly needsNoqueue: boolean };

/** What the kernel gives a tap by itself: before it is up, with several queues, with one. Any other is somebody's intention. */
const plainQdiscs: readonly string[] = ["noop", "noqueue", "mq", "pfifo_fast", "fq_codel"];

export function planAdoption({ name, queues }: WantedAdoption, link: Link | undefined): AdoptionPlan {
  const leave = (outcome: TapOutcome, why?: string): AdoptionPlan => ({ kind: "leave", outcome, why });
  if (link === undefined) return { kind: "wait", why: `there is no "${name}"` };
  const { tap, qdisc = "" } = link;
  if (tap?.isTap !== true) return leave("foreign", `"${name}" is no tap but of kind "${link.kind ?? ""}"`);
  const mark = parseAlias(link.alias);
  if (mark === undefined && link.alias !== undefined && link.alias !== "") {
    return leave("foreign", `"${name}" has the alias "${link.alias}", which is none of mqtap`);
  }
  if (mark !== undefined && mark.mode !== "adopted") return leave("owned", `mqtap's plugin made "${name}"`);
  // KubeVirt makes it persistent at once, and so does our plugin as its last step.
  if (!tap.isPersistent) return { kind: "wait", why: `"${name}" is not persistent` };
  if (!plainQdiscs.includes(qdisc))
    return leave("shaped", `"${name}" has the qdisc ${qdisc}, which may shape its traffic`);
  if (queues !== undefined && queues > 1 !== tap.isMultiQueue) {
    const found = tap.isMultiQueue ? "several queues" : "one queue";
    return leave("mismatch", `"${name}" is a tap for ${found}, and ${queues} is planned`);
  }
  const alias = queues === undefined ? undefined : formatAlias({ mode: "adopted", queues });
  const needsAlias = alias !== undefined && alias !== link.alias;
  const needsNoqueue = qdisc !== "noqueue";
  if (!needsAlias && !needsNoqueue) return leave("unchanged");
  return { kind: "adopt", alias: needsAlias ? alias : undefined, needsNoqueue };
}

/** Undefined where it vanished under our hands. */
export function performAdoption(
  editor: LinkEditor,
  link: Link,
  plan: Extract<AdoptionPlan, { readonly kind: "adopt" }>,
): { readonly outcome: "adopted" | "failed"; readonly why: string | undefined } | undefined {
  try {
    // The alias first: the hook waits for it, and nobody for the memory.
    if (plan.alias !== undefined) editor.setAlias(link.index, plan.alias);
    if (plan.needsNoqueue) editor.setNoqueue(link.index);
    return { outcome: "adopted", why: undefined };
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return error.code === "ENODEV" ? undefined : { outcome: "failed", why: error.message };
  }
}
