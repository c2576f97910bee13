// How long a failing key waits: 5 ms, doubled with each failure, at most five minutes, less up to a fifth at random so
// that keys which failed together do not come back together. Each key for itself: one bad key delays no other.

const firstDelayMs = 5;
const longestDelayMs = 5 * 60_000;
const jitter = 0.2;

/** Counts failures by key. */
export interface RateLimiter<K> {
  /** The delay before the next try; counts one failure. */
  next(key: K): number;
  /** Failures since the last forget. */
  failures(key: K): number;
  forget(key: K): void;
}

/** A rate limiter with nothing counted; `random` gives 0 <= x < 1. */
export function createRateLimiter<K>(random: () => number): RateLimiter<K> {
  const failures = new Map<K, number>();
  return {
    next(key) {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      const full = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(before, 30));
      return full * (1 - jitter * random());
    },
    failures: (key) => failures.get(key) ?? 0,
    forget(key) {
      failures.delete(key);
    },
  };
}
