// How the operator talks to the API server: one request, or one watch. Two adapters implement it (in-cluster over
// node:https, kubeconfig over undici); everything above takes the interface.

/** The verbs of HTTP that the Kubernetes API knows. */
export type KubeMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Query parameters; undefined ones are left out. */
export type KubeQuery = Readonly<Record<string, string | number | boolean | undefined>>;

/** One request; `path` begins with /api or /apis (resource-path.ts builds it). */
export interface KubeRequest {
  readonly method: KubeMethod;
  readonly path: string;
  readonly query?: KubeQuery | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; application/json unless told. */
  readonly contentType?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** From sending to the last byte; 30 s unless told. Does not apply to watches. */
  readonly timeoutMs?: number | undefined;
}

/** A 2xx answer; everything else is thrown. */
export interface KubeResponse {
  readonly status: number;
  readonly body: unknown;
}

/** The API server as the operator sees it. */
export interface KubeTransport {
  /** @throws KubeApiError on any status but 2xx, KubeConnectionError when there was no answer. */
  request(request: KubeRequest): Promise<KubeResponse>;
  /** Opens a watch and yields the parsed frames as they come.
   * @throws KubeApiError, KubeConnectionError; while reading also MalformedFrameError. */
  watch(request: KubeRequest): Promise<AsyncIterable<unknown>>;
  /** Closes idle and busy connections. */
  close(): void;
}

/** The API server answered, but not with success. `reason` is Kubernetes' own word (NotFound, Conflict, Expired). */
export class KubeApiError extends Error {
  override readonly name = "KubeApiError";
  readonly status: number;
  readonly reason: string;
  /** What the server asked for in Retry-After. */
  readonly retryAfterMs?: number;

  constructor(answer: {
    readonly status: number;
    readonly reason: string;
    readonly message: string;
    readonly retryAfterMs?: number | undefined;
  }) {
    super(answer.message);
    this.status = answer.status;
    this.reason = answer.reason;
    if (answer.retryAfterMs !== undefined) {
      this.retryAfterMs = answer.retryAfterMs;
    }
  }
}

/** No answer came: refused, reset, timed out, wrong certificate. The text names the server and what to look at. */
export class KubeConnectionError extends Error {
  override readonly name = "KubeConnectionError";
  /** ECONNREFUSED, ECONNRESET, ETIMEDOUT, ... as the system says. */
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A frame of a watch is not JSON: the stream cannot be trusted from here on. */
export class MalformedFrameError extends Error {
  override readonly name = "MalformedFrameError";
}

/** True when the API server says that the object does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubeApiError && error.status === 404;
}

/** True when the object has changed since it was read, or exists already. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeApiError && error.status === 409;
}

/** True when the resource version or the page token is too old: list again. */
export function isGone(error: unknown): boolean {
  return error instanceof KubeApiError && (error.status === 410 || error.reason === "Expired");
}

/** Path of the first field of an applied object that the API server's schema lacks (".status.bootID"): its CRD is older than
 * we are. It answers 500 then, with the words of structured-merge-diff (typed/validate.go). */
export function unknownFieldOf(error: unknown): string | undefined {
  if (!(error instanceof KubeApiError)) return undefined;
  return /: (\.\S+): field not declared in schema/.exec(error.message)?.[1];
}
