// Remembers what was said about which pod's network, so that a repeated ADD does not say it again. Bounded: the
// oldest entries go first, and the worst that can follow is an event said twice.

export class Announced {
  readonly #texts = new Map<string, string>();
  readonly #most: number;

  constructor(most = 4096) {
    this.#most = most;
  }

  /** True when this is news for that pod and network. */
  isNew(podUid: string, network: string, text: string): boolean {
    const key = `${podUid}/${network}`;
    if (this.#texts.get(key) === text) return false;
    this.#texts.delete(key);
    this.#texts.set(key, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= this.#most) break;
      this.#texts.delete(oldest);
    }
    return true;
  }
}
