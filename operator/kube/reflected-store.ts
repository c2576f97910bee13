// What a reflector knows: frozen projections by key, and the rules by which lists and watch events change them. An object
// that cannot be parsed is reported and what was known of it stays: a store never forgets because of a bad frame.
import { deepFreeze } from "./freeze.ts";
import { objectId } from "./object-meta.ts";

/** What changed; a deletion carries the last known object, also when it was found by listing again. */
export type Change<T> =
  | { readonly kind: "set"; readonly object: T; readonly previous: T | undefined }
  | { readonly kind: "deleted"; readonly object: T };

/** An object as it came, reduced to what the store needs. */
export interface Projected<T> {
  /** namespace/name, or undefined when not even that could be read. */
  readonly id: string | undefined;
  /** undefined: not of interest. */
  readonly object: T | undefined;
  /** Why it could not be parsed. */
  readonly error: unknown;
}

/** How objects become projections, and who hears of changes. */
export interface ReflectedStoreOptions<T> {
  readonly parse: (object: unknown) => T | undefined;
  readonly keyOf: (object: T) => string;
  readonly isSame: (a: T, b: T) => boolean;
  readonly changed: (key: string, change: Change<T>) => void;
  readonly parseFailed: (id: string | undefined, error: unknown) => void;
}

/** The projections of one collection. */
export class ReflectedStore<T> {
  readonly #options: ReflectedStoreOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #keys = new Map<string, string>();

  constructor(options: ReflectedStoreOptions<T>) {
    this.#options = options;
  }

  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  /** Parses and freezes; never throws. */
  project(object: unknown): Projected<T> {
    let id: string | undefined;
    try {
      id = objectId(object);
      return { id, object: deepFreeze(this.#options.parse(object)), error: undefined };
    } catch (error) {
      return { id, object: undefined, error: error ?? new TypeError("cannot parse object") };
    }
  }

  /** An object was added or modified. */
  set({ id, object, error }: Projected<T>): void {
    if (id === undefined || error !== undefined) {
      this.#options.parseFailed(id, error);
    } else if (object === undefined) {
      this.remove(id);
    } else {
      this.#put(id, object);
    }
  }

  /** An object is gone. */
  remove(id: string): void {
    const key = this.#keys.get(id);
    const object = key === undefined ? undefined : this.#objects.get(key);
    if (key !== undefined && object !== undefined) {
      this.#keys.delete(id);
      this.#objects.delete(key);
      this.#options.changed(key, { kind: "deleted", object });
    }
  }

  /** A complete list: what is not in it is gone. */
  replace(list: readonly Projected<T>[]): void {
    const present = new Set(list.map(({ id }) => id));
    for (const id of [...this.#keys.keys()]) {
      if (!present.has(id)) {
        this.remove(id);
      }
    }
    for (const projected of list) {
      this.set(projected);
    }
  }

  #put(id: string, object: T): void {
    const key = this.#options.keyOf(object);
    if (this.#keys.has(id) && this.#keys.get(id) !== key) {
      this.remove(id);
    }
    const previous = this.#objects.get(key);
    this.#keys.set(id, key);
    this.#objects.set(key, object);
    if (previous === undefined || !this.#options.isSame(previous, object)) {
      this.#options.changed(key, { kind: "set", object, previous });
    }
  }
}
