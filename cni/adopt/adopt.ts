// One run of `mqtap adopt` in a namespace: looks for the taps, adopts those that are KubeVirt's, and waits for the rest.

import type { Kernel, NetworkNamespace } from "../kernel/kernel.ts";
import type { LinkEditor, OpenLinkEditor } from "../kernel/link-editor.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { performAdoption, planAdoption } from "./adopt-tap.ts";
import type { AdoptOptions, WantedAdoption } from "./options.ts";
import type { AdoptEnding, AdoptedTap, AdoptReport } from "./report.ts";

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

type Looked = AdoptedTap & { readonly isSettled: boolean };

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
    taps: [...looked.values()].map(({ isSettled: _, ...tap }) => tap),
  });
  const deadlineMs = effects.sys.monotonicMs() + (waitMs ?? 0);
  for (;;) {
    for (const wanted of taps) {
      if (looked.get(wanted)?.isSettled !== true) looked.set(wanted, look({ namespace, editor }, wanted));
    }
    const unsettled = [...looked.values()].filter(({ isSettled }) => !isSettled);
    if (unsettled.length === 0 || waitMs === undefined) return report("done");
    if (isGone(effects, { netns, namespace })) return report("gone");
    if (isAbandoned(effects)) return report("abandoned");
    const leftMs = deadlineMs - effects.sys.monotonicMs();
    if (leftMs <= 0) return report("timeout");
    const isBeingMade = unsettled.some(({ qdiscBefore }) => qdiscBefore !== undefined);
    editor.waitForChange(Math.ceil(Math.min(leftMs, isBeingMade ? makingPauseMs : longestPauseMs)));
  }
}

function look(
  { namespace, editor }: { readonly namespace: NetworkNamespace; readonly editor: LinkEditor },
  wanted: WantedAdoption,
): Looked {
  const link = namespace.findLink(wanted.name);
  const plan = planAdoption(wanted, link);
  const tap = (outcome: AdoptedTap["outcome"], why: string | undefined): AdoptedTap => ({
    ...found(wanted, { outcome, why }),
    qdiscBefore: link?.qdisc,
  });
  if (plan.kind === "leave") return { ...tap(plan.outcome, plan.why), isSettled: true };
  if (plan.kind === "wait" || link === undefined) {
    return { ...tap("missing", plan.kind === "wait" ? plan.why : undefined), isSettled: false };
  }
  const done = performAdoption(editor, link, plan);
  if (done !== undefined) return { ...tap(done.outcome, done.why), isSettled: true };
  return { ...found(wanted, { outcome: "missing", why: `"${wanted.name}" vanished` }), isSettled: false };
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
