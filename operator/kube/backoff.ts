// How long a loop waits after the n-th failure in a row: 0.8 s doubled up to 30 s, each +-50 % so that a thousand agents do
// not come back in step, and never earlier than the server's Retry-After asks.
import { KubeApiError } from "./transport.ts";

const firstDelayMs = 800;
const longestDelayMs = 30_000;

/** The delay before the next try; `failures` counts from 1, `random` gives 0 <= x < 1. */
export function backoffDelayMs(failures: number, random: () => number, error?: unknown): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 30);
  const spread = Math.min(longestDelayMs, firstDelayMs * 2 ** exponent) * (0.5 + random());
  const asked = error instanceof KubeApiError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(spread, asked);
}
