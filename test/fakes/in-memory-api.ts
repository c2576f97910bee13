// The API server's object store in memory: create, read, replace with optimistic concurrency, merge patch. Enough for
// leases and events; what admission, schemas and server-side apply do is tested on the real one.
import { isRecord } from "../../operator/kube/object-meta.ts";
import {
  KubeApiError,
  type KubeRequest,
  type KubeResponse,
  type KubeTransport,
} from "../../operator/kube/transport.ts";
import { metadataOf, type Stored } from "./stored-object.ts";

/** Objects by path. */
export class InMemoryApi {
  readonly objects = new Map<string, Stored>();
  /** Every write that was carried out. */
  readonly writes: KubeRequest[] = [];
  #version = 0;

  /** A client; `before` and `after` may fail or hold a request back, as networks do. */
  client(
    faults: {
      readonly before?: (request: KubeRequest) => Promise<void> | void;
      readonly after?: (request: KubeRequest) => Promise<void> | void;
    } = {},
  ): KubeTransport {
    return {
      request: async (request) => {
        request.signal?.throwIfAborted();
        await orAborted(request, faults.before?.(request));
        const answer = this.#carryOut(request);
        await orAborted(request, faults.after?.(request));
        return answer;
      },
      watch: () => Promise.reject(new Error("cannot watch: this store has no history")),
      close: () => undefined,
    };
  }

  #carryOut(request: KubeRequest): KubeResponse {
    switch (request.method) {
      case "GET":
        return { status: 200, body: structuredClone(this.#existing(request.path)) };
      case "POST": {
        const path = `${request.path}/${metadataOf(request.body)["name"]}`;
        if (this.objects.has(path)) {
          throw refusal(409, "AlreadyExists");
        }
        return { status: 201, body: this.#store(request, path, bodyOf(request)) };
      }
      case "PUT": {
        const current = metadataOf(this.#existing(request.path))["resourceVersion"];
        if (metadataOf(request.body)["resourceVersion"] !== current) {
          throw refusal(409, "Conflict");
        }
        return { status: 200, body: this.#store(request, request.path, bodyOf(request)) };
      }
      case "PATCH": {
        const merged = { ...this.#existing(request.path), ...bodyOf(request) };
        return { status: 200, body: this.#store(request, request.path, merged) };
      }
      case "DELETE":
        this.#existing(request.path);
        this.objects.delete(request.path);
        this.writes.push(request);
        return { status: 200, body: undefined };
      default:
        return request.method satisfies never;
    }
  }

  #existing(path: string): Stored {
    const object = this.objects.get(path);
    if (object === undefined) {
      throw refusal(404, "NotFound");
    }
    return object;
  }

  #store(request: KubeRequest, path: string, object: Stored): unknown {
    this.#version += 1;
    const metadata = { ...metadataOf(object), resourceVersion: String(this.#version) };
    this.objects.set(path, structuredClone({ ...object, metadata }));
    this.writes.push(request);
    return structuredClone(this.objects.get(path));
  }
}

async function orAborted({ signal }: KubeRequest, wait: Promise<void> | void): Promise<void> {
  if (wait instanceof Promise) {
    await Promise.race([
      wait,
      new Promise<never>((_resolve, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true }),
      ),
    ]);
  }
}

function bodyOf({ body }: KubeRequest): Stored {
  return isRecord(body) ? structuredClone(body) : {};
}

function refusal(status: number, reason: string): KubeApiError {
  return new KubeApiError({ status, reason, message: reason });
}
