// Carries TCP connections between network namespaces over a unix socket, which knows none: one relay at each end.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";

/** "address:port" or the path of a unix socket. */
export type RelayEnd = string;

/** A running relay. */
export interface Relay extends AsyncDisposable {
  /** The port it listens on; undefined for a unix socket. */
  readonly port: number | undefined;
}

/** Connects each connection that `listen` accepts to `target`. Port 0 takes a free one. */
export async function startRelay(listen: RelayEnd, target: RelayEnd): Promise<Relay> {
  const connections = new Set<Socket>();
  // either side may have said all it has to say while the other still speaks
  const server = createServer({ allowHalfOpen: true }, (accepted) => {
    const forwarded = connect({ ...socketOptions(target), allowHalfOpen: true });
    connections.add(accepted);
    pipeline(accepted, forwarded, accepted, () => connections.delete(accepted));
  });
  server.listen(socketOptions(listen));
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" ? address?.port : undefined,
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return;
      for (const connection of connections) connection.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

function socketOptions(end: RelayEnd): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (end.startsWith("/")) return { path: end };
  const colon = end.lastIndexOf(":");
  return { host: end.slice(0, colon), port: Number(end.slice(colon + 1)) };
}
