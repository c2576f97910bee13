// Inside a node's network namespace: accepts connections at the API server's address and carries each over a unix socket,
// which knows no network namespaces, to the relay outside. Ends with its stdin.
import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";

const [port = "", socketPath = ""] = process.argv.slice(2);

const server = createServer((inside) => {
  const outside = connect(socketPath);
  pipeline(inside, outside, inside, () => {});
});
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
process.stdin.resume().on("close", () => process.exit(0));
