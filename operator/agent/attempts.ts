// How often a value may be written again after someone undid it: 3 times in 10 minutes, then mqtap yields and says so.
// Two actors that each "repair" the other's value would else do so for ever.

import type { Problem } from "./reasons.ts";

const windowMs = 10 * 60_000;
const mostInWindow = 3;

interface Entry {
  readonly value: string;
  readonly times: readonly number[];
  readonly hasYielded: boolean;
  readonly failure: Problem | undefined;
}

/** Per key; a new wanted value begins anew. */
export class Attempts {
  readonly #entries = new Map<string, Entry>();

  isExhausted(key: string, value: string, nowMs: number): boolean {
    return this.#recent(key, value, nowMs).times.length >= mostInWindow;
  }

  /** It was written once more. */
  repeated(key: string, value: string, nowMs: number): void {
    const entry = this.#recent(key, value, nowMs);
    this.#entries.set(key, { ...entry, times: [...entry.times, nowMs] });
  }

  /** It was not written although it differs. */
  yielded(key: string, value: string, nowMs: number): void {
    this.#entries.set(key, { ...this.#recent(key, value, nowMs), hasYielded: true });
  }

  /** True from a yield until the value is once found as wanted without our writing it. */
  hasYielded(key: string): boolean {
    return this.#entries.get(key)?.hasYielded ?? false;
  }

  settled(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#entries.set(key, { ...entry, hasYielded: false, failure: undefined });
  }

  failed(key: string, value: string, failure: Problem | undefined, nowMs: number): void {
    this.#entries.set(key, { ...this.#recent(key, value, nowMs), failure });
  }

  /** What the last write failed with, if it did. */
  failure(key: string): Problem | undefined {
    return this.#entries.get(key)?.failure;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  #recent(key: string, value: string, nowMs: number): Entry {
    const entry = this.#entries.get(key);
    if (entry?.value !== value) return { value, times: [], hasYielded: false, failure: undefined };
    return { ...entry, times: entry.times.filter((time) => nowMs - time < windowMs) };
  }
}
