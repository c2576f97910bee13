// Brings the API server, which listens on the machine's loopback address, to the same address in a node's own network
// namespace: Multus runs there, because its plugins make their links where it runs.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { pipeline } from "node:stream";
import type { DemoNode } from "../../../deploy/local/demo-node.ts";

const program = path.join(import.meta.dirname, "api-relay-program.ts");

/** Relays until it is disposed of. `server` is the API server's URL. */
export async function startApiRelay(node: DemoNode, server: string): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const port = Number(new URL(server).port);
  const socketPath = path.join(node.directory, "api.sock");
  const connections = new Set<Socket>();
  const outside = createServer((fromNode) => {
    const toServer = connect(port, "127.0.0.1");
    connections.add(fromNode);
    pipeline(fromNode, toServer, fromNode, () => connections.delete(fromNode));
  });
  outside.listen(socketPath);
  await once(outside, "listening");
  starting.defer(async () => {
    for (const connection of connections) connection.destroy();
    const closed = once(outside, "close");
    outside.close();
    await closed;
  });
  await node.run(["ip", "link", "set", "lo", "up"]);
  const inside = starting.use(
    node.spawn([process.execPath, program, String(port), socketPath], {
      name: "API relay",
      network: "node",
      stdio: "pipe",
      logFile: path.join(node.directory, "api-relay.log"),
    }),
  );
  const { stdout } = inside.child;
  if (stdout === null) throw new TypeError("the relay has no stdout");
  const isReady = await Promise.race([once(stdout, "data").then(() => true), inside.ended.then(() => false)]);
  if (!isReady) throw new Error(`cannot bring the API server to ${node.name}: ${inside.logTail()}`);
  return starting.move();
}
