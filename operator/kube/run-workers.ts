// The loop around a reconcile, and the one place where what it throws becomes a decision: TerminalError is written down and
// not retried, everything else comes back with back-off.
import { describeError, type Log } from "./log.ts";
import { TerminalError } from "./terminal-error.ts";
import type { WorkQueue } from "./work-queue.ts";

/** What a reconcile wants next; undefined: nothing until the next event. */
export type ReconcileResult = { readonly requeueAfterMs?: number | undefined } | undefined;

/** A queue and what to do with its keys. */
export interface RunWorkersOptions<K extends string> {
  readonly queue: WorkQueue<K>;
  readonly workers: number;
  readonly reconcile: (key: K) => Promise<ReconcileResult>;
  readonly log: Log;
}

/** Works until the queue is shut down and empty. Never rejects. */
export async function runWorkers<K extends string>(options: RunWorkersOptions<K>): Promise<void> {
  await Promise.all(Array.from({ length: options.workers }, () => work(options)));
}

async function work<K extends string>(options: RunWorkersOptions<K>): Promise<void> {
  const { queue } = options;
  for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
    try {
      await reconcileOne(options, key);
    } finally {
      queue.done(key);
    }
  }
}

async function reconcileOne<K extends string>({ queue, reconcile, log }: RunWorkersOptions<K>, key: K): Promise<void> {
  try {
    const result = await reconcile(key);
    queue.forget(key);
    if (result?.requeueAfterMs !== undefined) {
      queue.addAfter(key, result.requeueAfterMs);
    }
  } catch (error) {
    if (error instanceof TerminalError) {
      queue.forget(key);
      log.error("reconcile gave up", { key, reason: error.reason, error: describeError(error) });
      return;
    }
    queue.addRateLimited(key);
    log.warn("reconcile failed, will retry", { key, failures: queue.failures(key), error: describeError(error) });
  }
}
