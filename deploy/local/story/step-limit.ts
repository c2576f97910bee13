// Step 6: a limit of 4 queues a tap and 32 a VM; profiles rendered, applied, reported.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { applyLimit, waitForLimit } from "./apply-limit.ts";
import type { Cluster } from "./cluster.ts";
import type { Narrator } from "./narrator.ts";
import { configName, nodeNetworkConfigYaml } from "./node-network-config.ts";
import { readConfig } from "./observe.ts";
import { nodeNames } from "./vms.ts";
import { waitUntil } from "./wait-until.ts";

/** Applies the config and shows what both nodes made of it. */
export async function setLimit(cluster: Cluster, narrator: Narrator): Promise<void> {
  narrator.heading("A limit: at most 4 queues a tap, 32 a VM");
  narrator.command(`kubectl apply -f - <<EOF\n${nodeNetworkConfigYaml(4)}EOF`);
  narrator.output(await applyLimit(cluster, 4));
  await showNodes(cluster, narrator, 4);
  await showConfig(cluster, narrator);
}

/** Waits for the limit on every node and shows profiles, the sysctl and the label. */
export async function showNodes(cluster: Cluster, narrator: Narrator, limit: number | undefined): Promise<void> {
  for (const node of cluster.nodeNames) await waitForLimit(cluster, node, limit);
  narrator.command("kubectl get mqp");
  narrator.output(await cluster.controlPlane.kubectl(["get", "mqp"]));
  const file = path.join(cluster.node(nodeNames.withSysctl).sysctlRoot, "net/tuntap/max_queues");
  narrator.command(`cat .../net/tuntap/max_queues        # the sysctl on ${nodeNames.withSysctl}`);
  narrator.output(await readFile(file, "utf8"));
}

/** Waits for the config's status and shows it. */
export async function showConfig(cluster: Cluster, narrator: Narrator): Promise<void> {
  await waitUntil(`config "${configName}" to be ready`, async () => {
    const config = await readConfig(cluster.controlPlane, configName);
    const ready = config?.status?.conditions?.find(({ type }) => type === "Ready");
    return ready?.status === "True" && ready.observedGeneration === config?.metadata.generation ? ready : undefined;
  });
  narrator.command("kubectl get mqc");
  narrator.output(await cluster.controlPlane.kubectl(["get", "mqc"]));
}
