// An API server in memory, as a node agent sees one: named objects by path, one watch per collection, status by apply,
// events collected. It can go down and come back.
import {
  KubeApiError,
  KubeConnectionError,
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
} from "../../operator/kube/transport.ts";

interface ApiObject {
  readonly metadata: { readonly name: string; readonly generation?: number; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

type Frame = { readonly type: string; readonly object: unknown };

/** Frames of one watch; ends or fails when told. */
class Frames implements AsyncIterable<unknown> {
  readonly #waiting: Frame[] = [];
  #wake = Promise.withResolvers<void>();
  #failure: Error | undefined;

  push(frame: Frame): void {
    this.#waiting.push(frame);
    this.#wake.resolve();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    while (true) {
      const frame = this.#waiting.shift();
      if (frame !== undefined) {
        yield frame;
        continue;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}

const down = (): Error => new KubeConnectionError("cannot reach the API server: ECONNREFUSED", "ECONNREFUSED");

export class FakeCluster implements KubeTransport {
  readonly requests: KubeRequest[] = [];
  readonly events: Readonly<Record<string, unknown>>[] = [];
  readonly #objects = new Map<string, ApiObject>();
  readonly #watches = new Map<string, Set<Frames>>();
  #isDown = false;
  #version = 1;

  /** Puts an object at its path, as another client would. */
  put(path: string, object: ApiObject): void {
    const known = this.#objects.get(path);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#objects.set(path, stored);
    this.#tell(path, known === undefined ? "ADDED" : "MODIFIED", stored);
  }

  get(path: string): ApiObject | undefined {
    return this.#objects.get(path);
  }

  delete(path: string): void {
    const object = this.#objects.get(path);
    this.#objects.delete(path);
    if (object !== undefined) this.#tell(path, "DELETED", object);
  }

  goDown(): void {
    this.#isDown = true;
    for (const watches of this.#watches.values()) for (const frames of watches) frames.fail(down());
    this.#watches.clear();
  }

  comeBack(): void {
    this.#isDown = false;
  }

  async request(request: KubeRequest): Promise<KubeResponse> {
    this.requests.push(request);
    request.signal?.throwIfAborted();
    if (this.#isDown) throw down();
    const { method, path } = request;
    if (method === "POST") {
      if (path.endsWith("/events")) this.events.push(request.body as Readonly<Record<string, unknown>>);
      return { status: 201, body: request.body };
    }
    if (method === "PATCH" && path.endsWith("/status")) return this.#applyStatus(path, request.body);
    const object = this.#objects.get(path);
    if (object !== undefined) return { status: 200, body: structuredClone(object) };
    if (request.query?.["limit"] !== undefined) return { status: 200, body: this.#list(path) };
    throw notFound(path);
  }

  async watch(request: KubeRequest): Promise<AsyncIterable<unknown>> {
    if (this.#isDown) throw down();
    const frames = new Frames();
    request.signal?.addEventListener("abort", () => frames.fail(new Error("aborted")));
    const watches = this.#watches.get(request.path) ?? new Set();
    this.#watches.set(request.path, watches.add(frames));
    const from = request.query?.["resourceVersion"];
    for (const object of this.#below(request.path)) {
      if (from === undefined || Number(object.metadata["resourceVersion"]) > Number(from)) {
        frames.push({ type: from === undefined ? "ADDED" : "MODIFIED", object: structuredClone(object) });
      }
    }
    return frames;
  }

  close(): void {
    this.goDown();
  }

  #applyStatus(path: string, body: unknown): KubeResponse {
    const objectPath = path.slice(0, -"/status".length);
    const object = this.#objects.get(objectPath);
    if (object === undefined) throw notFound(path);
    const { status } = body as { readonly status: unknown };
    this.put(objectPath, { ...object, status: structuredClone(status) });
    return { status: 200, body: structuredClone(this.#objects.get(objectPath)) };
  }

  #list(path: string): object {
    const items = structuredClone(this.#below(path));
    return { kind: "ObjectList", apiVersion: "v1", metadata: { resourceVersion: String(this.#version) }, items };
  }

  #below(path: string): readonly ApiObject[] {
    return [...this.#objects].filter(([at]) => at.startsWith(`${path}/`)).map(([, object]) => object);
  }

  #tell(path: string, type: string, object: ApiObject): void {
    for (const frames of this.#watches.get(path.slice(0, path.lastIndexOf("/"))) ?? []) {
      frames.push({ type, object: structuredClone(object) });
    }
  }
}

function notFound(path: string): KubeApiError {
  return new KubeApiError({ status: 404, reason: "NotFound", message: `${path} not found` });
}
