// Time as a parameter: everything in the operator that waits or dates something takes a Clock, so that tests run
// hours in a millisecond and leases are judged by a clock that nobody sets.

/** A pending callback; cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** Wall time for what people read, monotonic time for every decision, and timers. */
export interface Clock {
  /** Wall time: only for time stamps that are written down. */
  now(): Date;
  /** Milliseconds that never go back and that no one sets. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`. */
  after(delayMs: number, callback: () => void): Timer;
}

/** setTimeout holds 31 bits; a longer delay would fire at once. */
const longestDelayMs = 2 ** 31 - 1;

/** The process's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timeout = setTimeout(callback, Math.min(Math.max(0, delayMs), longestDelayMs));
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** Waits; ends early, without an error, when the signal is aborted: the caller looks at `signal.aborted`. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
