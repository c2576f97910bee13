// An API server that does what a test tells it, over real TLS on loopback: each request waits until the test answers it, so
// every failure of a real one (half-open, reset within a line, slow body) can be played in any order.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { makeSelfSignedCertificate } from "./self-signed-certificate.ts";

/** A request that has arrived, and the ways to treat it. */
export class ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly #response: ServerResponse;
  readonly #connection: Socket | undefined;

  constructor(request: IncomingMessage, body: string, response: ServerResponse, connection: Socket | undefined) {
    const url = new URL(request.url ?? "", "https://scripted");
    this.method = request.method ?? "";
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = request.headers;
    this.body = body;
    this.#response = response;
    this.#connection = connection;
  }

  get isWatch(): boolean {
    return this.query.get("watch") === "true";
  }

  /** True once the client has gone away. */
  get isAbandoned(): boolean {
    return this.#response.destroyed;
  }

  /** A complete JSON answer. */
  answer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.#response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(typeof body === "string" ? body : JSON.stringify(body));
  }

  /** A list with a resource version, and perhaps the token of the next page. */
  answerList(items: readonly unknown[], resourceVersion: string, token?: string): void {
    this.answer(200, {
      kind: "ThingList",
      apiVersion: "test/v1",
      metadata: { resourceVersion, continue: token },
      items,
    });
  }

  /** A metav1.Status. */
  answerStatus(status: number, reason: string, headers: Readonly<Record<string, string>> = {}): void {
    this.answer(status, { kind: "Status", code: status, reason, message: `scripted ${reason}` }, headers);
  }

  /** Opens a watch; frames follow. */
  openWatch(): void {
    this.#response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
  }

  /** One frame of an open watch. */
  event(type: string, object: unknown): void {
    this.raw(`${JSON.stringify({ type, object })}\n`);
  }

  /** Bytes as they are, perhaps only a part of a frame. */
  raw(text: string): void {
    this.#response.write(text);
  }

  /** Ends the answer in order. */
  end(): void {
    this.#response.end();
  }

  /** Breaks the connection, below TLS. */
  reset(): void {
    this.#connection?.resetAndDestroy();
  }
}

/** The server; `next` gives the requests in order of arrival. */
export class ScriptedApiServer implements AsyncDisposable {
  readonly url: string;
  readonly caFile: string;
  readonly tokenFile: string;
  readonly #server: Server;
  readonly #directory: string;
  readonly #arrived: ScriptedRequest[] = [];
  #connections = 0;

  private constructor(server: Server, port: number, directory: string) {
    this.#server = server;
    this.#directory = directory;
    this.url = `https://127.0.0.1:${port}`;
    this.caFile = join(directory, "ca.crt");
    this.tokenFile = join(directory, "token");
    server.on("secureConnection", () => {
      this.#connections += 1;
    });
    const connections = new Map<number | undefined, Socket>();
    server.on("connection", (socket: Socket) => connections.set(socket.remotePort, socket));
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const connection = connections.get(request.socket.remotePort);
        this.#arrived.push(new ScriptedRequest(request, Buffer.concat(chunks).toString("utf8"), response, connection));
      });
      response.on("error", () => undefined); // a client that went away is part of the script
    });
  }

  /** Starts on a free port, with the token "first". */
  static async start(): Promise<ScriptedApiServer> {
    const directory = mkdtempSync(join(tmpdir(), "scripted-api-"));
    const { key, cert } = makeSelfSignedCertificate();
    writeFileSync(join(directory, "ca.crt"), cert);
    writeFileSync(join(directory, "token"), "first\n");
    const server = createServer({ key, cert });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address !== "object" || address === null) {
      throw new Error("cannot find the port of the scripted server");
    }
    return new ScriptedApiServer(server, address.port, directory);
  }

  /** TLS connections made so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Requests that nobody has taken. */
  get waiting(): number {
    return this.#arrived.length;
  }

  /** The next request, when it comes. */
  async next(): Promise<ScriptedRequest> {
    await eventually("a request", () => this.#arrived.length > 0);
    const request = this.#arrived.shift();
    if (request === undefined) {
      throw new Error("cannot happen: a request arrived and is gone");
    }
    return request;
  }

  /** Replaces the client's token, as the kubelet does. */
  rotateToken(token: string): void {
    writeFileSync(this.tokenFile, `${token}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
