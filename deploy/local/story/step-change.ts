// Step 9: the limit becomes 2, a new pod gets the new number; then the config is deleted and the nodes are as before.
import { waitForLimit } from "./apply-limit.ts";
import type { Cluster } from "./cluster.ts";
import { inspectPod } from "./inspect-pod.ts";
import { createLauncherPods } from "./launch.ts";
import type { Narrator } from "./narrator.ts";
import { configName } from "./node-network-config.ts";
import { startQueueConsumer } from "./queue-consumer.ts";
import { decisionTable } from "./sizing-report.ts";
import { showConfig, showNodes } from "./step-limit.ts";
import { connect } from "./step-vms.ts";
import { overLimitOf2, overNoLimit, waitForOverLimit } from "./verified.ts";
import { laterVm } from "./vms.ts";

/** Changes the config, runs one more pod, deletes the config. */
export async function changeAndDeleteLimit(cluster: Cluster, narrator: Narrator): Promise<void> {
  narrator.heading("A lower limit, then none");
  const patch = JSON.stringify({ spec: { tuntap: { maxQueues: 2 } } });
  narrator.command(`kubectl patch mqc ${configName} --type=merge -p '${patch}'`);
  const started = performance.now();
  narrator.output(await cluster.controlPlane.kubectl(["patch", "mqc", configName, "--type=merge", "-p", patch]));
  for (const node of cluster.nodeNames) await waitForLimit(cluster, node, 2);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  await waitForOverLimit(cluster, overLimitOf2);
  await showNodes(cluster, narrator, 2);
  narrator.say(`Both nodes moved within ${seconds} s, kubectl's own time included.`);
  await showConfig(cluster, narrator);
  narrator.say(
    "Running VMs keep what they have: OVERLIMIT counts web, router and legacy. A new pod gets the new number:",
  );
  for (const pod of await createLauncherPods(cluster.controlPlane, [laterVm])) {
    const connected = await connect(cluster, narrator, pod);
    const node = cluster.node(laterVm.node);
    await using consumer = startQueueConsumer(node, { netns: connected.netns, descriptors: 2 });
    narrator.output(decisionTable(await inspectPod(cluster, connected, consumer)));
  }
  narrator.say("Without the config the nodes go back to what they had before:");
  narrator.command(`kubectl delete mqc ${configName}`);
  narrator.output(await cluster.controlPlane.kubectl(["delete", "mqc", configName]));
  await waitForOverLimit(cluster, overNoLimit);
  await showNodes(cluster, narrator, undefined);
}
