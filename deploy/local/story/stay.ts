// `npm start -- --keep`: everything stays up for a person to play with, until Ctrl-C.
import { once } from "node:events";
import path from "node:path";
import type { Cluster } from "./cluster.ts";
import { renewAgentToken } from "./operator-processes.ts";
import type { Telling } from "./tell-story.ts";

const renewMs = 6 * 3600 * 1000;

/** Tells how to talk to what runs, and returns when the signal is given. */
export async function stayUntilStopped(cluster: Cluster, { narrator, signal }: Telling): Promise<void> {
  const { binDir } = cluster.layout;
  const kubectl = `${path.join(binDir, "kubectl")} --kubeconfig ${cluster.controlPlane.adminKubeconfigPath}`;
  narrator.say("");
  narrator.say("Everything stays up. To talk to it:");
  narrator.command(`${kubectl} get mqc,mqp,vmi,pods -A`);
  narrator.say("To look into a node (its pods' network namespaces are in its /run/netns):");
  for (const name of cluster.nodeNames) {
    narrator.command(`nsenter --target ${cluster.node(name).holderPid} --mount --net    # ${name}`);
  }
  narrator.say(`Logs: ${cluster.directory}/*.log`);
  narrator.say(`To stop it: Ctrl-C here, or kill ${process.pid}`);
  const renewal = setInterval(() => void renewTokens(cluster), renewMs);
  if (!signal.aborted) await once(signal, "abort");
  clearInterval(renewal);
}

async function renewTokens(cluster: Cluster): Promise<void> {
  for (const node of cluster.nodeNames) await renewAgentToken(cluster.controlPlane, cluster.directory, node);
}
