// Which events are the same one again, and which are too many: pure bookkeeping of the recorder, bounded in memory.

/** An event, reduced to what makes it the same one again. */
export interface Occurrence {
  /** Equal for the same event on the same object. */
  readonly key: string;
  /** Equal for events on the same object. */
  readonly object: string;
  readonly namespace: string;
}

/** An event that was written, and how often it happened. */
export interface Series {
  readonly name: string;
  readonly namespace: string;
  count: number;
  /** How many of them the API server knows. */
  writtenCount: number;
  lastMs: number;
}

/** What to do with an event. */
export type Verdict =
  | { readonly kind: "new"; readonly series: Series }
  | { readonly kind: "again"; readonly series: Series }
  | { readonly kind: "tooMany" };

/** The same event within this time is one series; later it is a new event. */
const seriesGapMs = 6 * 60_000;
const mostSeries = 500;
/** Different events on one object: so many in a window, the rest is dropped. */
const mostPerObject = 25;
const objectWindowMs = 5 * 60_000;

/** Remembers series, the least recently seen forgotten first. */
export class SeriesMemory {
  readonly #series = new Map<string, Series>();
  readonly #objects = new Map<string, { sinceMs: number; count: number }>();

  /** Looks an event up and counts it; `nameIt` names a new one. */
  judge({ key, object, namespace }: Occurrence, nowMs: number, nameIt: () => string): Verdict {
    const known = this.#series.get(key);
    if (known !== undefined && nowMs - known.lastMs < seriesGapMs) {
      known.count += 1;
      known.lastMs = nowMs;
      touch(this.#series, key, known);
      return { kind: "again", series: known };
    }
    if (!this.#isAllowed(object, nowMs)) {
      return { kind: "tooMany" };
    }
    const series: Series = { name: nameIt(), namespace, count: 1, writtenCount: 0, lastMs: nowMs };
    touch(this.#series, key, series);
    return { kind: "new", series };
  }

  /** Forgets a series, so that the next occurrence is a new event. */
  forget(series: Series): void {
    for (const [key, known] of this.#series) {
      if (known === series) {
        this.#series.delete(key);
      }
    }
  }

  #isAllowed(object: string, nowMs: number): boolean {
    const known = this.#objects.get(object);
    const window = known !== undefined && nowMs - known.sinceMs < objectWindowMs ? known : { sinceMs: nowMs, count: 0 };
    window.count += 1;
    touch(this.#objects, object, window);
    return window.count <= mostPerObject;
  }
}

/** Puts an entry at the young end, and drops the oldest beyond the limit. */
function touch<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= mostSeries) {
      return;
    }
    map.delete(oldest);
  }
}
