// The queue between events and reconciles, with the contract of client-go's workqueue: a key waits at most once, is worked
// on by at most one worker, and what is added meanwhile comes once more after done. Memory is bounded by distinct keys.
import type { Clock, Timer } from "./clock.ts";
import type { MetricsRegistry } from "./metrics.ts";
import { createRateLimiter, type RateLimiter } from "./rate-limiter.ts";
import { noWorkQueueMetrics, registerWorkQueueMetrics, type WorkQueueMetrics } from "./work-queue-metrics.ts";

/** What a queue needs. */
export interface WorkQueueOptions {
  readonly clock: Clock;
  /** 0 <= x < 1; spreads retries. */
  readonly random: () => number;
  /** Where to count, under which name. */
  readonly metrics?: { readonly registry: MetricsRegistry; readonly name: string } | undefined;
}

/** A queue of keys. */
export class WorkQueue<K extends string> {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter<K>;
  readonly #metrics: WorkQueueMetrics;
  /** In order of arrival, with the time of arrival. */
  readonly #waiting = new Map<K, number>();
  /** Being worked on, with the time of taking. */
  readonly #working = new Map<K, number>();
  /** Added while being worked on, with the time of adding. */
  readonly #again = new Map<K, number>();
  readonly #delayed = new Map<K, { readonly deadlineMs: number; readonly timer: Timer }>();
  readonly #takers: ((key: K | undefined) => void)[] = [];
  readonly #drained = Promise.withResolvers<void>();
  #isShutDown = false;

  constructor({ clock, random, metrics }: WorkQueueOptions) {
    this.#clock = clock;
    this.#limiter = createRateLimiter(random);
    this.#metrics =
      metrics === undefined
        ? noWorkQueueMetrics
        : registerWorkQueueMetrics(metrics.registry, metrics.name, {
            depth: () => this.depth,
            unfinishedSeconds: () =>
              [...this.#working.values()].reduce((sum, since) => sum + this.#secondsSince(since), 0),
          });
  }

  /** Keys waiting; neither those being worked on nor delayed ones. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Adds a key now: what events use. */
  add(key: K): void {
    if (this.#isShutDown || this.#waiting.has(key) || this.#again.has(key)) {
      return;
    }
    this.#metrics.added();
    if (this.#working.has(key)) {
      this.#again.set(key, this.#clock.monotonicMs());
    } else {
      this.#push(key, this.#clock.monotonicMs());
    }
  }

  /** Adds a key later. Of several deadlines for one key the earliest holds, the others are dropped. */
  addAfter(key: K, delayMs: number): void {
    if (this.#isShutDown) {
      return;
    }
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const deadlineMs = this.#clock.monotonicMs() + delayMs;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.deadlineMs <= deadlineMs) {
      return;
    }
    known?.timer.cancel();
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { deadlineMs, timer });
  }

  /** Adds a key after its next back-off: what failures use. */
  addRateLimited(key: K): void {
    if (!this.#isShutDown) {
      this.#metrics.retried();
      this.addAfter(key, this.#limiter.next(key));
    }
  }

  /** Ends the back-off of a key: what successes use. */
  forget(key: K): void {
    this.#limiter.forget(key);
  }

  /** Failures of a key in a row. */
  failures(key: K): number {
    return this.#limiter.failures(key);
  }

  /** The next key, as soon as there is one; undefined when the queue is shut down and empty. Call {@link done} after. */
  take(): Promise<K | undefined> {
    for (const [key, since] of this.#waiting) {
      this.#waiting.delete(key);
      this.#start(key, since);
      return Promise.resolve(key);
    }
    if (this.#isDrained()) {
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Ends the work on a key; queues it once more if it was added meanwhile. */
  done(key: K): void {
    const since = this.#working.get(key);
    if (since === undefined) {
      return;
    }
    this.#metrics.worked(this.#secondsSince(since));
    this.#working.delete(key);
    const addedAt = this.#again.get(key);
    if (addedAt !== undefined) {
      this.#again.delete(key);
      this.#push(key, addedAt);
    }
    this.#settle();
  }

  /** Takes nothing new and drops delayed keys; resolves when all that was waiting is done. */
  shutDown(): Promise<void> {
    this.#isShutDown = true;
    for (const { timer } of this.#delayed.values()) {
      timer.cancel();
    }
    this.#delayed.clear();
    this.#settle();
    return this.#drained.promise;
  }

  #push(key: K, since: number): void {
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#waiting.set(key, since);
    } else {
      this.#start(key, since);
      taker(key);
    }
  }

  #start(key: K, since: number): void {
    this.#metrics.waited(this.#secondsSince(since));
    this.#working.set(key, this.#clock.monotonicMs());
  }

  #settle(): void {
    if (this.#isDrained()) {
      for (const taker of this.#takers.splice(0)) {
        taker(undefined);
      }
      this.#drained.resolve();
    }
  }

  #isDrained(): boolean {
    return this.#isShutDown && this.#waiting.size === 0 && this.#working.size === 0;
  }

  #secondsSince(ms: number): number {
    return (this.#clock.monotonicMs() - ms) / 1000;
  }
}
