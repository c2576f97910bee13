// A config that profiles still name and the cache does not have: deleted, or a cache that is wrong? Taking its values from
// the nodes is destructive, so the API server is asked, twice: is this object gone, and are there still such objects at
// all? When the CRD itself is being deleted, all configs vanish one by one, and that shall change nothing on any node.

import { apiVersion } from "../../crds/resource.ts";
import { isRecord } from "../kube/object-meta.ts";
import { isNotFound, KubeApiError, type KubeTransport } from "../kube/transport.ts";
import { configPath } from "./resources.ts";

/** Tells what is gone from what is only missing. */
export class AbsentConfigs {
  readonly #transport: KubeTransport;
  readonly #gone = new Set<string>();

  constructor(transport: KubeTransport) {
    this.#transport = transport;
  }

  /** Of the configs that are named and not known, those nobody has confirmed to be gone.
   * @throws what the transport throws: then nothing is decided. */
  async held(named: Iterable<string>, known: ReadonlyMap<string, unknown>): Promise<ReadonlySet<string>> {
    for (const name of this.#gone) {
      if (known.has(name)) {
        this.#gone.delete(name);
      }
    }
    const missing = new Set([...named].filter((name) => !known.has(name) && !this.#gone.has(name)));
    if (missing.size === 0) {
      return missing;
    }
    const names = [...missing];
    const [isServed, ...exist] = await Promise.all([this.#isKindServed(), ...names.map((name) => this.#exists(name))]);
    const held = new Set<string>();
    names.forEach((name, i) => {
      if (isServed && exist[i] === false) {
        this.#gone.add(name);
      } else {
        held.add(name);
      }
    });
    return held;
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

  /** A CRD that is being deleted is still served, but without "create". */
  async #isKindServed(): Promise<boolean> {
    try {
      const { body } = await this.#transport.request({ method: "GET", path: `/apis/${apiVersion}` });
      const resources = isRecord(body) && Array.isArray(body["resources"]) ? body["resources"] : [];
      return resources.some(
        (resource: unknown) =>
          isRecord(resource) &&
          resource["name"] === "nodenetworkconfigs" &&
          Array.isArray(resource["verbs"]) &&
          resource["verbs"].includes("create"),
      );
    } catch (error) {
      if (isNotFound(error)) {
        return false;
      }
      throw error;
    }
  }
}
