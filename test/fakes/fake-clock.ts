// A clock that a test moves by hand: timers fire in order of their deadlines, and hours pass in no time.
import type { Clock, Timer } from "../../operator/kube/clock.ts";

interface Pending {
  readonly deadlineMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Implements the operator's Clock. */
export class FakeClock implements Clock {
  readonly #startMs: number;
  #nowMs = 0;
  #order = 0;
  #pending: readonly Pending[] = [];

  constructor(start = "2026-11-22T12:00:00.000Z") {
    this.#startMs = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#startMs + this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending = { deadlineMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending = [...this.#pending, pending].sort((a, b) => a.deadlineMs - b.deadlineMs || a.order - b.order);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((p) => p !== pending);
      },
    };
  }

  /** How long the waiting timers have still to go, shortest first. */
  get pendingMs(): readonly number[] {
    return this.#pending.map((p) => p.deadlineMs - this.#nowMs);
  }

  /** Moves time, firing what becomes due, with all microtasks after each. */
  async advance(byMs: number): Promise<void> {
    const targetMs = this.#nowMs + byMs;
    await settle();
    for (let next = this.#pending[0]; next !== undefined && next.deadlineMs <= targetMs; next = this.#pending[0]) {
      const due = next;
      this.#pending = this.#pending.filter((p) => p !== due);
      this.#nowMs = Math.max(this.#nowMs, due.deadlineMs);
      due.callback();
      await settle();
    }
    this.#nowMs = targetMs;
  }

  /** Moves time without firing anything: what a process sees that was stopped for a while. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
  }
}

/** Lets all promises that can settle do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
