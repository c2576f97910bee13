// Keeps state.json: loaded once, changed in memory at once, on disk by the time `change` resolves. Changes made while a
// write is under way share the next one. A corrupt file is set aside, never overwritten and never believed.

import { readdir, readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describeError } from "../kube/log.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { errnoOf } from "./errno.ts";
import { type AgentState, emptyState, inBoot, parseState } from "./state.ts";

export interface StateStoreOptions {
  readonly path: string;
  readonly bootId: string;
  readonly now: () => Date;
}

/** What loading found besides the state. */
export interface Corruption {
  readonly setAside: string;
  readonly cause: string;
}

export class StateStore {
  readonly #path: string;
  #state: AgentState;
  #pending: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #saved: AgentState | undefined;

  private constructor(path: string, state: AgentState, isSaved: boolean) {
    this.#path = path;
    this.#state = state;
    this.#saved = isSaved ? state : undefined;
  }

  /** @throws when the file exists but can be neither read nor set aside. */
  static async load(options: StateStoreOptions): Promise<{ store: StateStore; corruption: Corruption | undefined }> {
    const { path, bootId, now } = options;
    const text = await readIfPresent(path);
    if (text === undefined) return { store: new StateStore(path, emptyState(bootId), false), corruption: undefined };
    try {
      return { store: new StateStore(path, inBoot(parseState(text), bootId), true), corruption: undefined };
    } catch (error) {
      const setAside = `${path}.corrupt-${now().toISOString().replaceAll(":", "")}`;
      await rename(path, setAside);
      const store = new StateStore(path, emptyState(bootId, bootId), false);
      // On disk at once: the next start must know as well that originals are lost.
      await store.change((state) => state);
      return { store, corruption: { setAside, cause: describeError(error) } };
    }
  }

  get state(): AgentState {
    return this.#state;
  }

  /** False while the newest change is not on disk. */
  get isSaved(): boolean {
    return this.#saved === this.#state;
  }

  /** Resolves when the change is on disk. @throws when it cannot be written; it holds in memory all the same. */
  change(change: (state: AgentState) => AgentState): Promise<void> {
    this.#state = change(this.#state);
    this.#pending ??= this.#writeNext();
    return this.#pending;
  }

  /** Files set aside earlier that nobody has looked at and deleted. */
  async setAside(): Promise<readonly string[]> {
    const prefix = `${basename(this.#path)}.corrupt-`;
    const names = await readdir(dirname(this.#path)).catch(() => []);
    return names.filter((name) => name.startsWith(prefix)).map((name) => join(dirname(this.#path), name));
  }

  async #writeNext(): Promise<void> {
    const before = this.#writing;
    const turn = Promise.withResolvers<void>();
    this.#writing = turn.promise;
    try {
      await before;
      this.#pending = undefined;
      const state = this.#state;
      await writeFileAtomic(this.#path, `${JSON.stringify(state)}\n`, 0o600);
      this.#saved = state;
    } finally {
      turn.resolve();
    }
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
