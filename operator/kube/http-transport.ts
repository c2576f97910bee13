// What both transports share: URLs, time limits, one retry after 401 with fresh credentials, one after a kept connection
// turned out dead, and errors that name the server. An adapter only sends one request and knows how to authenticate it.
import { openAbortScope } from "./abort-scope.ts";
import type { Clock } from "./clock.ts";
import { type HttpAnswer, readAnswer } from "./http-answer.ts";
import { parseJsonLines } from "./json-lines.ts";
import {
  KubeApiError,
  KubeConnectionError,
  type KubeMethod,
  type KubeRequest,
  type KubeTransport,
  MalformedFrameError,
} from "./transport.ts";

/** One request as bytes. */
export interface HttpRequest {
  readonly method: KubeMethod;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

/** How requests get on the wire. */
interface HttpAdapter {
  /** Adds credentials, sends, resolves when the head of the answer is there. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** The server said 401: read the credentials anew. */
  forgetCredentials(): void;
  close(): void;
}

/** What the shared part needs. */
export interface HttpTransportOptions {
  readonly server: string;
  readonly adapter: HttpAdapter;
  readonly clock: Clock;
  readonly userAgent: string;
  /** What a person should look at when there is no connection, e.g. "check --kubeconfig". */
  readonly hint: string;
}

const defaultTimeoutMs = 30_000;

/** A KubeTransport on top of an adapter. */
export function createHttpTransport(options: HttpTransportOptions): KubeTransport {
  const { adapter } = options;

  const withFreshCredentials = async <R>(attempt: () => Promise<R>): Promise<R> => {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.status !== 401) {
        throw error;
      }
      adapter.forgetCredentials();
      return await attempt().catch((again: unknown) => {
        throw withHint(again, options.hint);
      });
    }
  };

  return {
    request: (request) =>
      withFreshCredentials(async () => {
        using scope = openScope(options, request);
        return await orConnectionError(options, scope.signal, async () =>
          readAnswer(await sendTwice(options, request, scope.signal)),
        );
      }),
    watch: (request) =>
      withFreshCredentials(async () => {
        const scope = openScope(options, request);
        try {
          const answer = await orConnectionError(options, scope.signal, () =>
            sendTwice(options, request, scope.signal),
          );
          if (answer.status !== 200) {
            await orConnectionError(options, scope.signal, () => readAnswer(answer));
            throw new KubeConnectionError(`cannot watch ${request.path}: answer ${answer.status}`, "EBADMSG");
          }
          scope.limit(undefined);
          return readFrames(options, answer, scope);
        } catch (error) {
          scope[Symbol.dispose]();
          throw error;
        }
      }),
    close: () => adapter.close(),
  };
}

/** Credentials that were read anew are refused as well. */
function withHint(error: unknown, hint: string): unknown {
  if (!(error instanceof KubeApiError) || error.status !== 401) return error;
  const { status, reason, message, retryAfterMs } = error;
  return new KubeApiError({
    status,
    reason,
    message: `the API server refuses the credentials (${message}); ${hint}`,
    retryAfterMs,
  });
}

type Scope = ReturnType<typeof openAbortScope>;

function openScope({ clock, server }: HttpTransportOptions, request: KubeRequest): Scope {
  const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
  return openAbortScope({
    clock,
    parents: [request.signal],
    timeoutMs,
    onTimeout: () =>
      new KubeConnectionError(`no answer from the API server at ${server} in ${timeoutMs} ms`, "ETIMEDOUT"),
  });
}

async function* readFrames(options: HttpTransportOptions, answer: HttpAnswer, scope: Scope): AsyncGenerator<unknown> {
  using held = scope;
  const frames = parseJsonLines(answer.body);
  try {
    while (true) {
      const frame = await orConnectionError(options, held.signal, () => frames.next());
      if (frame.done) {
        return;
      }
      yield frame.value;
    }
  } finally {
    held.abort(new DOMException("the watch is no longer read", "AbortError")); // frees the connection
  }
}

/** A kept connection may have been closed by the server just now; what is idempotent is then sent once more. */
async function sendTwice(
  options: HttpTransportOptions,
  request: KubeRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const http = toHttpRequest(options, request, signal);
  try {
    return await options.adapter.send(http);
  } catch (error) {
    const isIdempotent = request.method === "GET" || request.method === "PATCH";
    if (signal.aborted || !isIdempotent || !["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(errorCode(error))) {
      throw error;
    }
    return options.adapter.send(http);
  }
}

function toHttpRequest(
  { server, userAgent }: HttpTransportOptions,
  request: KubeRequest,
  signal: AbortSignal,
): HttpRequest {
  const url = new URL(server);
  url.pathname = `${url.pathname.replace(/\/$/, "")}${request.path}`;
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) {
      url.searchParams.set(name, String(value));
    }
  }
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  return {
    method: request.method,
    url,
    headers: {
      accept: "application/json",
      "user-agent": userAgent,
      ...(body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
    },
    body,
    signal,
  };
}

async function orConnectionError<R>(
  { server, hint }: HttpTransportOptions,
  signal: AbortSignal,
  action: () => Promise<R>,
): Promise<R> {
  try {
    return await action();
  } catch (error) {
    if (signal.aborted) {
      throw signal.reason;
    }
    if (error instanceof KubeApiError || error instanceof KubeConnectionError || error instanceof MalformedFrameError) {
      throw error;
    }
    const code = errorCode(error);
    throw new KubeConnectionError(`cannot reach the API server at ${server}: ${code}; ${hint}`, code, { cause: error });
  }
}

/** The system's word for an error: of the error itself, of its first cause, or of the first address tried. */
function errorCode(error: unknown): string {
  for (let e = error, depth = 0; e instanceof Error && depth < 5; depth += 1) {
    if ("code" in e && typeof e.code === "string") {
      return e.code;
    }
    e = e instanceof AggregateError ? e.errors[0] : e.cause;
  }
  return error instanceof Error ? error.message : String(error);
}
