// Steps 3 and 4: a control plane, mqtap's API in it, and two nodes.
import { Cluster } from "./cluster.ts";
import type { Layout } from "./layout.ts";
import type { Narrator } from "./narrator.ts";
import { nodeNames } from "./vms.ts";

/** Starts the cluster of the story and tells what was installed. */
export async function startStoryCluster(layout: Layout, narrator: Narrator): Promise<Cluster> {
  narrator.heading("A Kubernetes control plane on loopback");
  narrator.say(
    "Starting a real etcd and a real kube-apiserver (RBAC, admission policies, node-bound tokens); about 5 s.",
  );
  let isInstalling = false;
  const cluster = await Cluster.start({
    layout,
    nodes: [
      { name: nodeNames.withSysctl, hasTuntapSysctl: true },
      { name: nodeNames.stock, hasTuntapSysctl: false },
    ],
    told: (args, answer) => {
      if (!isInstalling) narrator.heading("mqtap, and a stand-in for KubeVirt's VMI");
      isInstalling = true;
      narrator.command(["kubectl", ...args.map((arg) => arg.replace(`${layout.root}/`, ""))].join(" "));
      narrator.output(summary(answer));
    },
    log: (line) => narrator.output(line),
  });
  return cluster;
}

/** kubectl's answer; of a long one the first lines and a count. */
function summary(answer: string): readonly string[] {
  const lines = answer.trim().split("\n");
  const most = 6;
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `... and ${lines.length - most + 1} more`];
}
