// Step 5: the controller and one agent a node, each a process with its own identity.
import type { Cluster } from "./cluster.ts";
import type { Narrator } from "./narrator.ts";
import { readSettledProfile } from "./observe.ts";
import { quickVerification } from "./verified.ts";
import { nodeNames } from "./vms.ts";
import { waitUntil } from "./wait-until.ts";

/** Starts them and waits until every node has an empty profile that its agent has answered. */
export async function startOperator(cluster: Cluster, narrator: Narrator): Promise<void> {
  narrator.heading("The operator: a controller, and an agent on each node");
  narrator.say(
    `Each runs as its own service account; an agent's token is bound to its node. ${nodeNames.withSysctl}'s kernel has a` +
      ` tuntap sysctl (a file stands for it, the machine's own are never written), ${nodeNames.stock}'s has none, like` +
      " almost every kernel.",
  );
  const controller = await cluster.startController("controller-a");
  narrator.output(`controller   pid ${controller.pid}  system:serviceaccount:mqtap-system:mqtap-controller`);
  for (const node of cluster.nodeNames) {
    const agent = await cluster.startAgent(node, { flags: quickVerification });
    narrator.output(`agent        pid ${agent.pid}  system:serviceaccount:mqtap-system:mqtap-agent on ${node}`);
  }
  for (const node of cluster.nodeNames) {
    await waitUntil(`the agent of ${node} to answer`, () => readSettledProfile(cluster.controlPlane, node));
  }
  narrator.say("Every Linux node has a profile now. No config exists, so nothing limits yet:");
  narrator.command("kubectl get mqp");
  narrator.output(await cluster.controlPlane.kubectl(["get", "mqp"]));
}
