// The installed plugin called again and again on a node, as fast as a shell does it, in a network namespace of its own: what
// a runtime would meet at any moment of an installation.
import type { BedNode } from "../../deploy/local/bed/node.ts";

/** What is called, and what came of it. */
export interface DirectCalls {
  /** Of ADD and DEL, a pair each. */
  readonly pairs: number;
  /** What the calls said that did not succeed. */
  readonly failures: readonly string[];
}

/** Network configurations by which no agent is asked. */
const kinds = {
  static: { conf: { name: "direct", queues: 4 }, args: "" },
  ordinary: {
    conf: {
      ...{ name: "bed", sizing: "vm" },
      prevResult: {
        cniVersion: "1.1.0",
        interfaces: [{ name: "eth0", sandbox: "/run/netns/direct-ordinary" }],
        ips: [],
      },
    },
    args: "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-1;K8S_POD_UID=1",
  },
};

export type DirectKind = keyof typeof kinds;

const script = `
ns=direct-$1
conf=$2
export CNI_CONTAINERID=$ns CNI_IFNAME=eth0 CNI_NETNS=/run/netns/$ns CNI_PATH=/opt/cni/bin
if [ "$3" != "" ]; then export CNI_ARGS="$3"; fi
ip netns add $ns
pairs=0
while [ ! -e /run/bed/$ns.stop ]; do
  for verb in ADD DEL; do
    said=$(printf %s "$conf" | CNI_COMMAND=$verb /opt/cni/bin/mqtap 2>&1) || echo "$verb: exit status $?: $said"
  done
  pairs=$((pairs + 1))
  sleep 0.05
done
ip netns delete $ns
rm /run/bed/$ns.stop
echo "pairs $pairs"
`;

/** Calls until `stop` is called, which gives what came of it. */
export function startDirectCalls(node: BedNode, kind: DirectKind): { readonly stop: () => Promise<DirectCalls> } {
  const { conf, args } = kinds[kind];
  const stdin = JSON.stringify({ cniVersion: "1.1.0", type: "mqtap", ...conf });
  const ended = node.run(["bash", "-uc", script, "bash", kind, stdin, args], { timeoutMs: 600_000 });
  ended.catch(() => {}); // reported by whoever stops it
  return {
    stop: async () => {
      await node.run(["touch", `/run/bed/direct-${kind}.stop`]);
      const lines = (await ended).stdout.trimEnd().split("\n");
      return { pairs: Number(lines.pop()?.replace("pairs ", "")), failures: lines };
    },
  };
}
