// A config that profiles still name and the cache does not have: deleted, or a cache that is wrong? Taking its values from
// the nodes is destructive, so the API server is asked, twice: is this object gone, and is its kind there to stay? When the
// CRD itself is being deleted, all configs vanish one by one, and that shall change nothing on any node.

import { isNotFound, KubeApiError, type KubeTransport } from "../kube/transport.ts";
import { isDefinitionKept } from "./definition.ts";
import { configDefinitionPath, configPath } from "./resources.ts";

/** Tells what is gone from what is only missing. */
export class AbsentConfigs {
  readonly #transport: KubeTransport;
  readonly #gone = new Set<string>();

  constructor(transport: KubeTransport) {
    this.#transport = transport;
  }

  /**
   * Of the configs that are named and not known, those nobody has confirmed to be gone. Asked again for each decision: the
   * caches move while the API server is asked, and what has vanished since is not confirmed.
   */
  held(named: Iterable<string>, known: ReadonlyMap<string, unknown>): ReadonlySet<string> {
    return new Set([...named].filter((name) => !known.has(name) && !this.#gone.has(name)));
  }

  /** Asks for all that are held. @throws what the transport throws: then nothing is decided. */
  async confirm(named: Iterable<string>, known: ReadonlyMap<string, unknown>): Promise<void> {
    for (const name of this.#gone) {
      if (known.has(name)) {
        this.#gone.delete(name);
      }
    }
    const names = [...this.held(named, known)];
    const exist = await Promise.all(names.map((name) => this.#exists(name)));
    const absent = names.filter((_, i) => exist[i] === false);
    if (absent.length > 0 && (await isDefinitionKept(this.#transport, configDefinitionPath))) {
      for (const name of absent) {
        this.#gone.add(name);
      }
    }
  }

  async #exists(name: string): Promise<boolean> {
    try {
      await this.#transport.request({ method: "GET", path: configPath(name) });
      return true;
    } catch (error) {
      // a bare 404, without Kubernetes' reason, means that nobody serves this path: no word on the object
      if (error instanceof KubeApiError && isNotFound(error)) {
        return error.reason !== "NotFound";
      }
      throw error;
    }
  }
}
