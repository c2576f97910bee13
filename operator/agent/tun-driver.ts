// Whether this node's kernel makes multiqueue taps, as the plugin finds out: asked until it is known, since a running kernel
// does not change its mind, but the module may be loaded later.

import { InventoryError, type TakeInventory } from "./inventory.ts";

export class TunDriver {
  readonly #take: TakeInventory;
  readonly #signal: AbortSignal;
  #hasMultiQueue: boolean | undefined;

  /** `take` need look into no other network namespace. */
  constructor(take: TakeInventory, signal: AbortSignal) {
    this.#take = take;
    this.#signal = signal;
  }

  /** undefined: nobody can say. Never rejects for a plugin that fails: the inspection reports that. */
  async hasMultiQueue(): Promise<boolean | undefined> {
    try {
      this.#hasMultiQueue ??= (await this.#take(this.#signal)).tun?.hasMultiQueue;
    } catch (error) {
      if (!(error instanceof InventoryError)) throw error;
    }
    return this.#hasMultiQueue;
  }
}
