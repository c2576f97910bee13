// Profiles as they are, counting our own writes that the watch has not brought back yet. Without this the leader would
// decide from a cache older than its own deeds, and write everything twice, or admit more nodes than it may.
import type { NodeNetworkProfile } from "../../crds/node-network-profile.ts";

/** The store of a reflector with our answers laid over it. */
export class WrittenProfiles {
  readonly #store: ReadonlyMap<string, NodeNetworkProfile>;
  readonly #written = new Map<string, NodeNetworkProfile>();

  constructor(store: ReadonlyMap<string, NodeNetworkProfile>) {
    this.#store = store;
  }

  /** What the API server answered to a write or a read of ours. */
  remember(profile: NodeNetworkProfile): void {
    this.#written.set(profile.metadata.name, profile);
  }

  /** The watch says that this object is gone. */
  forget(deleted: NodeNetworkProfile): void {
    if (this.#written.get(deleted.metadata.name)?.metadata.uid === deleted.metadata.uid) {
      this.#written.delete(deleted.metadata.name);
    }
  }

  /** The newest we know of each; an answer is dropped as soon as the store has caught up with it. */
  current(): ReadonlyMap<string, NodeNetworkProfile> {
    for (const [name, written] of this.#written) {
      const stored = this.#store.get(name);
      if (stored !== undefined && !isBehind(stored, written)) {
        this.#written.delete(name);
      }
    }
    return this.#written.size === 0 ? this.#store : new Map([...this.#store, ...this.#written]);
  }
}

/** Generations of one object can be compared; resource versions, by contract, cannot. */
function isBehind(stored: NodeNetworkProfile, written: NodeNetworkProfile): boolean {
  return (
    stored.metadata.uid === written.metadata.uid &&
    (stored.metadata.generation ?? 0) < (written.metadata.generation ?? 0)
  );
}
