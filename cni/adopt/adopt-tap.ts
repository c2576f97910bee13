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
  if (link === undefined) return { kind: "wait", why: `there is no "${name}"` };
  const { tap, qdisc = "" } = link;
  if (tap?.isTap !== true) return leave("foreign", `"${name}" is no tap but of kind "${link.kind ?? ""}"`);
  const owned = leaveToOwner(link);
  if (owned !== undefined) return owned;
  // KubeVirt makes it persistent at once, and so does our plugin as its last step.
  if (!tap.isPersistent) return { kind: "wait", why: `"${name}" is not persistent` };
  const alias = queues === undefined ? undefined : formatAlias({ mode: "adopted", queues });
  const needsAlias = alias !== undefined && alias !== link.alias;
  if (!plainQdiscs.includes(qdisc)) {
    // Somebody shaped what was adopted before: its number of queues holds all the same.
    const isAdopted = alias !== undefined && !needsAlias;
    return leave(isAdopted ? "unchanged" : "shaped", `"${name}" has the qdisc ${qdisc}, which may shape its traffic`);
  }
  if (queues !== undefined && queues > 1 !== tap.isMultiQueue) {
    const found = tap.isMultiQueue ? "several queues" : "one queue";
    return leave("mismatch", `"${name}" is a tap for ${found}, and ${queues} is planned`);
  }
  const needsNoqueue = qdisc !== "noqueue";
  if (!needsAlias && !needsNoqueue) return leave("unchanged");
  return { kind: "adopt", alias: needsAlias ? alias : undefined, needsNoqueue };
}

/** Undefined for a tap without an alias, or with that of an adoption. */
function leaveToOwner({ name, alias = "" }: Link): AdoptionPlan | undefined {
  if (alias === "") return undefined;
  const mark = parseAlias(alias);
  if (mark === undefined) return leave("foreign", `"${name}" has the alias "${alias}", which is none of mqtap`);
  return mark.mode === "adopted" ? undefined : leave("owned", `mqtap's plugin made "${name}"`);
}

function leave(outcome: TapOutcome, why?: string): AdoptionPlan {
  return { kind: "leave", outcome, why };
}

/** What came of a plan. */
export type AdoptionResult =
  | { readonly kind: "done" }
  /** The link is not there any more. */
  | { readonly kind: "vanished" }
  | {
      readonly kind: "refused";
      /** The tap has its alias, so the hook obeys; what is missing is noqueue. */
      readonly hasAlias: boolean;
      readonly why: string;
    };

export function performAdoption(
  editor: LinkEditor,
  { index }: Link,
  { queues }: WantedAdoption,
  plan: Extract<AdoptionPlan, { readonly kind: "adopt" }>,
): AdoptionResult {
  let hasAlias = queues !== undefined && plan.alias === undefined;
  try {
    // The alias first: the hook waits for it, and nobody for the memory.
    if (plan.alias !== undefined) {
      editor.setAlias(index, plan.alias);
      hasAlias = true;
    }
    if (plan.needsNoqueue) editor.setNoqueue(index);
    return { kind: "done" };
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (error.code === "ENODEV") return { kind: "vanished" };
    return { kind: "refused", hasAlias, why: error.message };
  }
}
