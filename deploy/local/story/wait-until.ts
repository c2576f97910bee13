// Waiting for something another process will do: asked again every little while, with a time limit and a message that says
// what was awaited and what was seen last.

import { setTimeout as delay } from "node:timers/promises";

/** Resolves with the first defined answer of `probe`. @throws Error when the time is up. */
export async function waitUntil<T>(
  awaited: string,
  probe: () => Promise<T | undefined> | T | undefined,
  options: { readonly timeoutMs?: number; readonly intervalMs?: number; readonly seen?: () => string } = {},
): Promise<T> {
  const { timeoutMs = 30_000, intervalMs = 50 } = options;
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() > deadlineMs) {
      const seen = options.seen === undefined ? "" : `; seen last: ${options.seen()}`;
      throw new Error(`waited ${timeoutMs / 1000} s for ${awaited}${seen}`);
    }
    await delay(intervalMs);
  }
}
