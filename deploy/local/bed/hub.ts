// The network between the nodes: a namespace of its own with a bridge that every node hangs on. The control plane is in it,
// so that no node's reboot touches it; from outside its API server is reached through a unix socket.
import { once } from "node:events";
import path from "node:path";
import { runCommand } from "../command.ts";
import type { ControlPlaneNetwork } from "../control-plane.ts";
import { startDaemon } from "../daemon.ts";
import { startRelay } from "../relay.ts";

/** The API server as pods and nodes know it: the address of Service "kubernetes". */
export const apiServerInside = "https://10.96.0.1:443";

/** A running hub. */
export interface Hub extends AsyncDisposable {
  readonly network: ControlPlaneNetwork;
  /** Gives the network namespace of a process a link eth0 with the node's address, and the ways to pods and control plane. */
  attach(node: NodeAddress, pid: number): Promise<void>;
}

/** What a node is in the bed's network. */
export interface NodeAddress {
  readonly name: string;
  readonly index: number;
}

const hubAddress = "10.99.0.254";
const relayProgram = path.resolve(import.meta.dirname, "../relay-program.ts");

export function nodeAddress({ index }: NodeAddress): string {
  return `10.99.0.${index}`;
}

export function podSubnet({ index }: NodeAddress): string {
  return `10.244.${index}.0/24`;
}

/** Starts it for these nodes. Root only. */
export async function startHub(directory: string, nodes: readonly NodeAddress[]): Promise<Hub> {
  await using starting = new AsyncDisposableStack();
  const holder = starting.use(
    startDaemon({
      name: "hub",
      argv: ["unshare", "--net", "--", "sh", "-c", renderHubScript(nodes)],
      logFile: path.join(directory, "hub.log"),
      stdio: "pipe",
    }),
  );
  if (holder.child.stdout === null) throw new TypeError("the hub has no stdout");
  const isReady = await Promise.race([
    once(holder.child.stdout, "data").then(() => true),
    holder.ended.then(() => false),
  ]);
  if (!isReady) throw new Error(`cannot start the bed's network: ${await holder.ended}: ${holder.logTail()}`);
  const enter = (argv: readonly string[]): readonly string[] => [
    "nsenter",
    `--net=/proc/${holder.pid}/ns/net`,
    "--",
    ...argv,
  ];

  const socketPath = path.join(directory, "api.sock");
  const inside = starting.use(
    startDaemon({
      name: "API relay",
      argv: enter([process.execPath, relayProgram, socketPath, "127.0.0.1:443"]),
      logFile: path.join(directory, "api-relay.log"),
      stdio: "pipe",
    }),
  );
  if (inside.child.stdout === null) throw new TypeError("the relay has no stdout");
  const relays = await Promise.race([
    once(inside.child.stdout, "data").then(() => true),
    inside.ended.then(() => false),
  ]);
  if (!relays) throw new Error(`cannot reach the bed's network: ${await inside.ended}: ${inside.logTail()}`);
  const outside = starting.use(await startRelay("127.0.0.1:0", socketPath));

  const resources = starting.move();
  return {
    // the API server's own certificate names localhost
    network: { enter, address: hubAddress, server: `https://localhost:${outside.port}` },
    attach: async (node, pid) => {
      const script = [
        // what a node that is gone left may take a moment to go
        `ip link del ${node.name} 2>/dev/null || true`,
        `ip link add ${node.name} type veth peer name eth0 netns ${pid}`,
        `ip link set ${node.name} master br0 up`,
      ].join("\n");
      await runCommand(enter(["sh", "-euc", script]));
      const others = nodes.filter(({ index }) => index !== node.index);
      const own = [
        `ip addr add ${nodeAddress(node)}/24 dev eth0`,
        "ip link set eth0 up",
        `ip route add default via ${hubAddress}`,
        ...others.map((other) => `ip route add ${podSubnet(other)} via ${nodeAddress(other)}`),
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
      ].join("\n");
      await runCommand(["nsenter", `--net=/proc/${pid}/ns/net`, "--", "sh", "-euc", own]);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function renderHubScript(nodes: readonly NodeAddress[]): string {
  return [
    "set -eu",
    "ip link set lo up",
    "ip addr add 10.96.0.1/32 dev lo",
    "ip link add br0 type bridge",
    `ip addr add ${hubAddress}/24 dev br0`,
    "ip link set br0 up",
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
    ...nodes.map((node) => `ip route add ${podSubnet(node)} via ${nodeAddress(node)}`),
    "echo ready",
    "exec cat",
  ].join("\n");
}
