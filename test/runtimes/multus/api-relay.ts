// Brings the API server, which listens on the machine's loopback address, to the same address in a node's own network
// namespace: Multus runs there, because its plugins make their links where it runs.
import { once } from "node:events";
import path from "node:path";
import type { DemoNode } from "../../../deploy/local/demo-node.ts";
import { startRelay } from "../../../deploy/local/relay.ts";

const program = path.resolve(import.meta.dirname, "../../../deploy/local/relay-program.ts");

/** Relays until it is disposed of. `server` is the API server's URL. */
export async function startApiRelay(node: DemoNode, server: string): Promise<AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const end = `127.0.0.1:${new URL(server).port}`;
  const socketPath = path.join(node.directory, "api.sock");
  starting.use(await startRelay(socketPath, end));
  await node.run(["ip", "link", "set", "lo", "up"]);
  const inside = starting.use(
    node.spawn([process.execPath, program, end, socketPath], {
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
