// The sizing socket: one request line in, one answer line out, one connection for each. Only root can connect
// (directory 0700, socket 0600). Bounded in everything: connections, bytes, time.

import { createServer, type Server, type Socket } from "node:net";
import {
  formatSizingAnswer,
  maxSizingMessageBytes,
  parseSizingRequest,
  type SizingAnswer,
  SizingProtocolError,
  type SizingRequest,
  sizingRefusals,
} from "../../../cni/sizing/protocol.ts";
import type { Clock } from "../../kube/clock.ts";
import { describeError, type Log } from "../../kube/log.ts";
import { placeSocket } from "./socket-file.ts";

export interface SizingServerOptions {
  readonly runDir: string;
  /** Must settle soon after the signal is aborted. */
  readonly answer: (request: SizingRequest, signal: AbortSignal) => Promise<SizingAnswer>;
  readonly clock: Clock;
  readonly log: Log;
  /** Below the plugin's own 5 s, so that it gets an answer rather than a closed connection. */
  readonly deadlineMs?: number;
  readonly maxConnections?: number;
}

export interface SizingServer {
  readonly path: string;
  /** Takes no more connections and lets those that are being answered finish. */
  close(): Promise<void>;
}

/** @throws when the socket cannot be made, or when another agent answers there. */
export async function startSizingServer(options: SizingServerOptions): Promise<SizingServer> {
  const { maxConnections = 128, log } = options;
  const open = new Set<Socket>();
  // Half-open, so that a client that ends its side after the request still gets its answer.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", (error) => log.debug("sizing connection failed", { error: describeError(error) }));
    // Its request is read all the same: closing a unix socket with unread bytes resets it, answer and all.
    const why = `the agent has ${maxConnections} requests at work already`;
    const isBusy = open.size > maxConnections;
    serve(socket, isBusy ? { ...options, answer: () => Promise.resolve({ kind: "retry", why }) } : options);
  });
  const placed = await placeSocket(server, options.runDir);
  server.on("error", (error) => log.error("sizing socket failed", { error: describeError(error) }));
  return { path: placed.path, close: () => close(server, placed.remove) };
}

function serve(socket: Socket, { answer, clock, log, deadlineMs = 4_500 }: SizingServerOptions): void {
  const abort = new AbortController();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isAsked = false;
  const deadline = clock.after(deadlineMs, () => {
    abort.abort(new Error(`no answer within ${deadlineMs} ms`));
    if (isAsked) endWith(socket, { kind: "retry", why: "the agent could not answer in time: is the API server slow?" });
    else socket.destroy();
  });
  socket.on("close", () => {
    deadline.cancel();
    abort.abort(new Error("the plugin has gone"));
  });

  const ask = async (line: string): Promise<void> => {
    isAsked = true;
    endWith(socket, await answered(line, answer, abort.signal, log));
  };
  socket.on("data", (chunk: Buffer) => {
    if (isAsked) return;
    const newline = chunk.indexOf(0x0a);
    const part = newline < 0 ? chunk : chunk.subarray(0, newline);
    bytes += part.length;
    if (bytes > maxSizingMessageBytes) {
      isAsked = true;
      endWith(socket, badRequest(`a request is longer than ${maxSizingMessageBytes} bytes`));
      return;
    }
    chunks.push(part);
    if (newline >= 0) void ask(Buffer.concat(chunks).toString("utf8"));
  });
  socket.on("end", () => {
    if (!isAsked) socket.destroy();
  });
}

async function answered(
  line: string,
  answer: SizingServerOptions["answer"],
  signal: AbortSignal,
  log: Log,
): Promise<SizingAnswer> {
  try {
    return await answer(parseSizingRequest(line), signal);
  } catch (error) {
    if (error instanceof SizingProtocolError) return badRequest(error.message);
    log.error("cannot answer a sizing request", { error: describeError(error) });
    return { kind: "retry", why: `the agent failed: ${describeError(error)}` };
  }
}

function badRequest(why: string): SizingAnswer {
  return { kind: "refused", code: sizingRefusals.BadRequest, why };
}

function endWith(socket: Socket, answer: SizingAnswer): void {
  if (socket.writableEnded || socket.destroyed) return;
  socket.end(formatSizingAnswer(answer), () => socket.destroySoon());
}

function close(server: Server, remove: () => void): Promise<void> {
  remove();
  return new Promise((resolve) => server.close(() => resolve()));
}
