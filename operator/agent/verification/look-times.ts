// When to look next: at the interval, and sooner after an ADD (a VM starts within seconds) or while a count is in motion.

const soonMs = [2_000, 5_000, 10_000, 20_000] as const;

/** How soon after an ADD, and after a count that has changed. */
export const [firstLookMs] = soonMs;

const mostMoves = 3;

export interface LookTimesOptions {
  readonly intervalMs: number;
  /** 0 <= x < 1. */
  readonly random: () => number;
}

export class LookTimes {
  readonly #options: LookTimesOptions;
  #step = 1;
  #moves = 0;

  constructor(options: LookTimesOptions) {
    this.#options = options;
  }

  /** There is a new tap to wait for; the first look comes by itself. */
  restart(): void {
    this.#step = 1;
  }

  /** `isAwaited`: a new tap has no queue yet; `isMoving`: a count has to be seen once more to be believed. */
  next({ isAwaited, isMoving }: { readonly isAwaited: boolean; readonly isMoving: boolean }): number {
    const { intervalMs, random } = this.#options;
    const regularMs = intervalMs * (0.8 + 0.2 * random());
    const stepMs = isAwaited ? soonMs[this.#step] : undefined;
    if (stepMs !== undefined) this.#step += 1;
    // A pod that opens and closes queues all the time shall not keep us busy.
    this.#moves = isMoving ? this.#moves + 1 : 0;
    const confirmMs = isMoving && this.#moves <= mostMoves ? firstLookMs : regularMs;
    return Math.min(regularMs, stepMs ?? regularMs, confirmMs);
  }
}
