// A number that others are told of when it changes, but not more often than once in an interval: the last value wins.
// Null is a value: the number is not known.

import type { Clock, Timer } from "../../kube/clock.ts";

export interface PacedNumberOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly onChange: () => void;
}

export class PacedNumber {
  readonly #options: PacedNumberOptions;
  #newest: number | null | undefined;
  #told: number | null | undefined;
  #toldAtMs: number | undefined;
  #timer: Timer | undefined;

  constructor(options: PacedNumberOptions) {
    this.#options = options;
  }

  /** What others may be told; undefined before the first. */
  get value(): number | null | undefined {
    return this.#told;
  }

  set(value: number | null): void {
    this.#newest = value;
    // The first tells that we count at all: it takes no turn from the first change.
    if (this.#told === undefined) this.#tell(undefined);
    else if (this.#timer === undefined && value !== this.#told) this.#wait();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    const { clock, intervalMs } = this.#options;
    const waitMs = this.#toldAtMs === undefined ? 0 : this.#toldAtMs + intervalMs - clock.monotonicMs();
    if (waitMs <= 0) {
      this.#tell(clock.monotonicMs());
      return;
    }
    this.#timer = clock.after(waitMs, () => {
      this.#timer = undefined;
      if (this.#newest !== this.#told) this.#tell(clock.monotonicMs());
    });
  }

  #tell(atMs: number | undefined): void {
    this.#told = this.#newest;
    this.#toldAtMs = atMs;
    this.#options.onChange();
  }
}
