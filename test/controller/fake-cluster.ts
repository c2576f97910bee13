// What the controller sees of a cluster: an API server that keeps its objects in memory, and caches that show them only
// when the test says so. Server-side apply is the real server's business: here the one applier's word replaces what was.
import { type NodeNetworkConfig, parseNodeNetworkConfig } from "../../crds/node-network-config.ts";
import { type NodeNetworkProfile, parseNodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { type ObservedNode, parseNode } from "../../operator/controller/node.ts";
import {
  configDefinitionPath,
  configPath,
  nodePath,
  profileDefinitionPath,
  profilePath,
} from "../../operator/controller/resources.ts";
import { isRecord } from "../../operator/kube/object-meta.ts";
import {
  KubeApiError,
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
} from "../../operator/kube/transport.ts";
import { metadataOf, type Stored } from "../fakes/stored-object.ts";

/** Objects by path, and a client. */
export class FakeCluster {
  readonly objects = new Map<string, Stored>(
    [configDefinitionPath, profileDefinitionPath].map((path) => [path, { metadata: {} }]),
  );
  /** Every request, as "PATCH /path". */
  readonly requests: string[] = [];
  /** Asked before each request is carried out. */
  fault: (request: KubeRequest) => KubeApiError | undefined = () => undefined;
  readonly configs = new Map<string, NodeNetworkConfig>();
  readonly nodes = new Map<string, ObservedNode>();
  readonly profiles = new Map<string, NodeNetworkProfile>();
  #version = 0;

  /** Requests that changed something, since the last call. */
  takeWrites(): readonly string[] {
    return this.requests.splice(0).filter((request) => !request.startsWith("GET "));
  }

  /** Writes a config as a person does. */
  putConfig(name: string, spec: Stored): void {
    const old = this.objects.get(configPath(name));
    const metadata = { name, uid: `uid-${name}`, generation: generationOf(old) + 1 };
    this.#store(configPath(name), { ...old, metadata, spec: { nodeSelector: {}, ...spec } });
  }

  /** A node as its kubelet registers it. */
  putNode(name: string, isReady = true): void {
    const status = { conditions: [{ type: "Ready", status: isReady ? "True" : "Unknown" }] };
    const labels = parseNode(this.objects.get(nodePath(name)) ?? { metadata: { name } }).labels;
    this.#store(nodePath(name), { metadata: { name, uid: `uid-${name}`, labels }, status });
  }

  /** Has the node's agent report on the profile as it stands. */
  report(name: string, tuntap: Stored = {}): void {
    const path = profilePath(name);
    const profile = this.objects.get(path) ?? {};
    const applied = {
      type: "Applied",
      status: "True",
      reason: "Applied",
      message: "",
      lastTransitionTime: "2026-11-22T11:00:00Z",
    };
    const status = { observedGeneration: generationOf(profile), conditions: [applied], tuntap };
    this.#store(path, { ...profile, status });
  }

  /** Brings the caches up to date, as watches do; an object that has not changed stays the same one. */
  catchUp(): void {
    fill(this.configs, this.#under(configPath()), parseNodeNetworkConfig, (config) => config.metadata.resourceVersion);
    fill(
      this.profiles,
      this.#under(profilePath()),
      parseNodeNetworkProfile,
      (profile) => profile.metadata.resourceVersion,
    );
    fill(this.nodes, this.#under(nodePath()), parseNode, (node) => JSON.stringify(node));
  }

  /** The client of the controller. */
  readonly transport: KubeTransport = {
    request: async (request) => {
      this.requests.push(`${request.method} ${request.path}`);
      await Promise.resolve();
      const fault = this.fault(request);
      if (fault !== undefined) {
        throw fault;
      }
      return this.#carryOut(request);
    },
    watch: () => Promise.reject(new Error("cannot watch: the test moves the caches")),
    close: () => undefined,
  };

  #carryOut({ method, path, body }: KubeRequest): KubeResponse {
    if (method === "POST") {
      return { status: 201, body };
    }
    const isStatus = path.endsWith("/status");
    const own = isStatus ? path.slice(0, -"/status".length) : path;
    const old = this.objects.get(own);
    if (method === "GET" || isStatus) {
      if (old === undefined) {
        throw new KubeApiError({ status: 404, reason: "NotFound", message: `no ${own}` });
      }
    }
    if (method === "PATCH") {
      const applied = isRecord(body) ? body : {};
      this.#store(own, isStatus ? { ...old, status: applied["status"] } : merge(old, applied, own));
    }
    return { status: 200, body: structuredClone(this.objects.get(own)) };
  }

  #under(collection: string): readonly Stored[] {
    return [...this.objects].filter(([path]) => path.startsWith(`${collection}/`)).map(([, object]) => object);
  }

  #store(path: string, object: Stored): void {
    this.#version += 1;
    this.objects.set(path, { ...object, metadata: { ...metadataOf(object), resourceVersion: String(this.#version) } });
  }
}

function merge(old: Stored | undefined, applied: Stored, path: string): Stored {
  const isSame = JSON.stringify(old?.["spec"]) === JSON.stringify(applied["spec"]);
  const generation = old === undefined ? 1 : generationOf(old) + (isSame ? 0 : 1);
  const before = old === undefined ? { uid: `uid of ${path}` } : metadataOf(old);
  return { ...old, ...applied, metadata: { ...before, ...metadataOf(applied), generation } };
}

function generationOf(object: Stored | undefined): number {
  const { generation } = metadataOf(object);
  return typeof generation === "number" ? generation : 0;
}

function fill<T>(
  cache: Map<string, T>,
  objects: readonly Stored[],
  parse: (object: unknown) => T,
  versionOf: (object: T) => string | undefined,
): void {
  const names = new Set<string>();
  for (const object of objects) {
    const parsed = parse(object);
    const name = String(metadataOf(object)["name"]);
    names.add(name);
    const known = cache.get(name);
    if (known === undefined || versionOf(known) !== versionOf(parsed)) {
      cache.set(name, parsed);
    }
  }
  for (const name of cache.keys()) {
    if (!names.has(name)) {
      cache.delete(name);
    }
  }
}
