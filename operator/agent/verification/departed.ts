// Which attachments are gone for good: no tap any more, and the API server says that their pod does not exist either.
// A pod that has ended keeps its object, so it is asked for now and then; an API server that does not answer says nothing.

import type { Clock } from "../../kube/clock.ts";
import { describeError, type Log } from "../../kube/log.ts";
import type { SizingCluster } from "../sizing/cluster.ts";
import type { Attachment } from "../state.ts";

export interface DepartedOptions {
  readonly cluster: Pick<SizingCluster, "pod">;
  readonly clock: Clock;
  readonly log: Log;
}

/** A pod whose tap has just gone is mostly about to go itself; one that has ended may stay for days. */
const firstAskAgainMs = 30_000;
const askAgainMs = 300_000;
/** For each look, so that a node that was drained asks for its pods little by little. */
const mostQuestions = 16;

export class Departed {
  readonly #options: DepartedOptions;
  /** When to ask next, by pod uid, and how long after the time before. */
  readonly #nextAsk = new Map<string, { readonly atMs: number; readonly waitMs: number }>();
  /** Uids of pods that ran when they were asked for. */
  readonly #running = new Set<string>();
  #hasUnknown = false;

  constructor(options: DepartedOptions) {
    this.#options = options;
  }

  /** Pods without a tap that run, and pods of which nothing is known yet. */
  get standing(): { readonly hasRunning: boolean; readonly hasUnknown: boolean } {
    return { hasRunning: this.#running.size > 0, hasUnknown: this.#hasUnknown };
  }

  /** Ids of those whose pod is gone, out of those without a tap. */
  async among(absent: ReadonlyMap<string, Attachment>, signal: AbortSignal): Promise<readonly string[]> {
    const { cluster, clock, log } = this.#options;
    const byPod = Map.groupBy(absent, ([, { podUid }]) => podUid);
    for (const uid of this.#nextAsk.keys()) if (!byPod.has(uid)) this.#forget(uid);
    const due = [...byPod].filter(([uid]) => (this.#nextAsk.get(uid)?.atMs ?? 0) <= clock.monotonicMs());
    const gone: string[] = [];
    this.#hasUnknown = due.length > mostQuestions;
    for (const [podUid, entries] of due.slice(0, mostQuestions)) {
      const pod = entries[0]?.[1].pod ?? "";
      const slash = pod.indexOf("/");
      try {
        const found = await cluster.pod(pod.slice(0, slash), pod.slice(slash + 1), signal);
        const waitMs = Math.min(2 * (this.#nextAsk.get(podUid)?.waitMs ?? firstAskAgainMs / 2), askAgainMs);
        this.#forget(podUid);
        if (found?.uid !== podUid) {
          gone.push(...entries.map(([id]) => id));
          continue;
        }
        this.#nextAsk.set(podUid, { atMs: clock.monotonicMs() + waitMs, waitMs });
        if (found.isRunning) this.#running.add(podUid);
      } catch (error) {
        this.#hasUnknown = true;
        log.debug("cannot ask whether a pod still exists", { pod, error: describeError(error) });
        break;
      }
    }
    return gone;
  }

  #forget(podUid: string): void {
    this.#nextAsk.delete(podUid);
    this.#running.delete(podUid);
  }
}
