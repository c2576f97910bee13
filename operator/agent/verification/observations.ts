// What was seen of each tap. A count is believed when two looks in a row agree: a VMM opens its queues one after the
// other, and a look may fall in between.

interface Observation {
  readonly open: number;
  readonly differences: readonly string[];
  /** The count that was believed last; undefined before the first. */
  readonly believed: number | undefined;
}

export class Observations {
  readonly #seen = new Map<string, Observation>();

  /** True when the look before saw the same. */
  see(id: string, open: number, differences: readonly string[]): boolean {
    const before = this.#seen.get(id);
    const isSame = before?.open === open && before.differences.join() === differences.join();
    this.#seen.set(id, { open, differences, believed: isSame ? open : before?.believed });
    return isSame;
  }

  /** There is no such tap any more. */
  forget(id: string): void {
    this.#seen.delete(id);
  }

  /** Drops what is about attachments that are known no more. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
  }

  /** Undefined while nothing is believed. */
  believed(id: string): number | undefined {
    return this.#seen.get(id)?.believed;
  }

  /** False while a tap has no count yet that is believed. */
  get isSettled(): boolean {
    return [...this.#seen.values()].every(({ believed }) => believed !== undefined);
  }

  /** True when a count was seen once only. */
  get isMoving(): boolean {
    return [...this.#seen.values()].some(({ open, believed }) => open !== believed);
  }
}
