// One run of `mqtap adopt` in a namespace: looks for the taps, adopts those that are KubeVirt's, and waits for the rest.

import type { Kernel, NetworkNamespace } from "../kernel/kernel.ts";
import type { LinkEditor, OpenLinkEditor } from "../kernel/link-editor.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { performAdoption, planAdoption } from "./adopt-tap.ts";
import type { AdoptOptions, WantedAdoption } from "./options.ts";
import type { AdoptEnding, AdoptedTap, AdoptReport, TapOutcome } from "./report.ts";

export interface AdoptEffects {
  readonly kernel: Kernel;
  readonly openLinkEditor: OpenLinkEditor;
  readonly sys: Pick<Syscalls, "stat" | "poll" | "monotonicMs">;
}

/** How often the path is looked at: our sockets hold the namespace, so its end is told by nothing else. */
const longestPauseMs = 1000;
/** While somebody is still making a tap: the last step of a link that is down is not notified. */
const makingPauseMs = 20;
/** poll.h */
const POLLHUP = 0x10;
const stdin = 0;

/** What the kernel refuses may pass: a node that is short of memory, an answer that was lost. Believed after so many. */
const mostRefusals = 5;

type Looked = AdoptedTap & { readonly isSettled: boolean; readonly refusals: number };

/** @throws SyscallError where the namespace cannot be entered, or listened to. */
export function adopt(effects: AdoptEffects, { netns, taps, waitMs }: AdoptOptions): AdoptReport {
  using namespace = effects.kernel.openNamespace(netns);
  if (namespace === undefined) {
    const missing = taps.map((wanted) =>
      found(wanted, { outcome: "missing", why: `there is no namespace "${netns}"` }),
    );
    return { netns, ended: "gone", taps: missing };
  }
  // Listens before it looks for the first time, so nothing is missed between the two.
  using editor = effects.openLinkEditor(namespace);
  const looked = new Map<WantedAdoption, Looked>();
  const report = (ended: AdoptEnding): AdoptReport => ({
    netns,
    ended,
    taps: [...looked.values()].map(({ isSettled: _, refusals: __, ...tap }) => tap),
  });
  const deadlineMs = effects.sys.monotonicMs() + (waitMs ?? mostRefusals * makingPauseMs);
  for (;;) {
    for (const wanted of taps) {
      const before = looked.get(wanted);
      if (before?.isSettled === true) continue;
      looked.set(wanted, look({ namespace, editor }, wanted, before?.refusals ?? 0));
    }
    const unsettled = [...looked.values()].filter(({ isSettled }) => !isSettled);
    const isRefused = unsettled.some(({ refusals }) => refusals > 0);
    if (unsettled.length === 0 || (waitMs === undefined && !isRefused)) return report("done");
    const leftMs = deadlineMs - effects.sys.monotonicMs();
    const ended = endingOf(effects, { netns, namespace, leftMs });
    if (ended !== undefined) return report(ended);
    const isBeingMade = unsettled.some(({ qdiscBefore }) => qdiscBefore !== undefined);
    editor.waitForChange(Math.ceil(Math.min(leftMs, isBeingMade ? makingPauseMs : longestPauseMs)));
  }
}

/** Why there is nothing to wait for; undefined where there is. */
function endingOf(
  effects: AdoptEffects,
  here: { readonly netns: string; readonly namespace: NetworkNamespace; readonly leftMs: number },
): AdoptEnding | undefined {
  if (isGone(effects, here)) return "gone";
  if (isAbandoned(effects)) return "abandoned";
  return here.leftMs <= 0 ? "timeout" : undefined;
}

function look(
  { namespace, editor }: { readonly namespace: NetworkNamespace; readonly editor: LinkEditor },
  wanted: WantedAdoption,
  refusals: number,
): Looked {
  const link = namespace.findLink(wanted.name);
  const plan = planAdoption(wanted, link);
  const tap = (outcome: TapOutcome, why: string | undefined, isSettled: boolean): Looked => ({
    ...found(wanted, { outcome, why }),
    ...{ qdiscBefore: link?.qdisc, isSettled, refusals },
  });
  if (plan.kind === "leave") return tap(plan.outcome, plan.why, true);
  if (plan.kind === "wait" || link === undefined) {
    return tap("missing", plan.kind === "wait" ? plan.why : undefined, false);
  }
  const result = performAdoption(editor, link, wanted, plan);
  switch (result.kind) {
    case "done":
      return tap("adopted", undefined, true);
    case "vanished":
      return { ...tap("missing", `"${wanted.name}" vanished`, false), qdiscBefore: undefined };
    case "refused": {
      const outcome = result.hasAlias ? "adopted" : "failed";
      return { ...tap(outcome, result.why, refusals + 1 >= mostRefusals), refusals: refusals + 1 };
    }
    default:
      return result satisfies never;
  }
}

function found({ name, queues }: WantedAdoption, { outcome, why }: Pick<AdoptedTap, "outcome" | "why">): AdoptedTap {
  return { name, queues, outcome, why, qdiscBefore: undefined };
}

/** The path leads to another namespace, or nowhere. */
function isGone(
  { sys }: AdoptEffects,
  { netns, namespace }: { readonly netns: string; readonly namespace: NetworkNamespace },
): boolean {
  try {
    const { dev, ino } = sys.stat(netns);
    return `${dev}:${ino}` !== namespace.identity;
  } catch (error) {
    if (error instanceof SyscallError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return true;
    throw error;
  }
}

/** A pipe whose other end is closed: the agent was killed. */
function isAbandoned({ sys }: AdoptEffects): boolean {
  return (sys.poll(stdin, 0, 0) & POLLHUP) !== 0;
}
