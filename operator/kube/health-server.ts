// /healthz, /readyz and /metrics on node:http. Checks are asked when someone asks, so what is reported is never stale.
import { createServer, type ServerResponse } from "node:http";
import { describeError, type Log } from "./log.ts";

/** What to report, and where to listen. */
export interface HealthServerOptions {
  /** 127.0.0.1 unless told. */
  readonly host?: string | undefined;
  /** 0: any free one. */
  readonly port: number;
  /** undefined = well; else why not: the process is to be restarted. */
  readonly live: () => string | undefined;
  /** undefined = ready; else what is missing. */
  readonly ready: () => string | undefined;
  /** Prometheus text. */
  readonly metrics: () => string;
  readonly log: Log;
}

/** A listening server. */
export interface HealthServer extends AsyncDisposable {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens. @throws Error naming address and reason when it cannot. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host = "127.0.0.1", port, log } = options;
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    try {
      answer(options, request.method === "GET" || request.method === "HEAD" ? path : "", response);
    } catch (error) {
      log.error("a health check failed to answer", { path, error: describeError(error) });
      send(response, 500, "the check itself failed\n");
    }
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Error(`cannot listen on ${host}:${port}: ${cause.message}`, { cause })));
    server.listen(port, host, resolve);
  });
  server.on("error", (error) => log.error("health server failed", { error: describeError(error) }));
  const address = server.address();
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function answer({ live, ready, metrics }: HealthServerOptions, path: string, response: ServerResponse): void {
  switch (path) {
    case "/healthz":
      sendCheck(response, live());
      break;
    case "/readyz":
      sendCheck(response, ready());
      break;
    case "/metrics":
      send(response, 200, metrics(), "text/plain; version=0.0.4; charset=utf-8");
      break;
    default:
      send(response, 404, "only GET /healthz, /readyz and /metrics\n");
      break;
  }
}

function sendCheck(response: ServerResponse, problem: string | undefined): void {
  send(response, problem === undefined ? 200 : 503, problem === undefined ? "ok\n" : `${problem}\n`);
}

function send(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) }).end(text);
}
