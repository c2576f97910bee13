// A limit for single nodes of the bed, as an administrator gives it.
import { readConfig, readProfile } from "../../story/observe.ts";
import type { Manifest } from "../../story/virtual-machine.ts";
import { waitUntil } from "../../story/wait-until.ts";
import type { Bed } from "../bed.ts";

/** The config that limits one node. */
function nodeLimit(node: string, maxQueues: number): Manifest {
  return {
    apiVersion: "mqtap.io/v1alpha1",
    kind: "NodeNetworkConfig",
    metadata: { name: `limit-${node}` },
    spec: { nodeSelector: { matchLabels: { "kubernetes.io/hostname": node } }, tuntap: { maxQueues } },
  };
}

/** Applies a config named `limit-<node>` for each and waits until the nodes and the configs' status say that it is in force. */
export async function setNodeLimits(bed: Bed, limits: Readonly<Record<string, number>>): Promise<void> {
  const items = Object.entries(limits).map(([node, maxQueues]) => nodeLimit(node, maxQueues));
  await bed.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items }) });
  for (const [node, maxQueues] of Object.entries(limits)) {
    let seen = "";
    await waitUntil(
      `a limit of ${maxQueues} on ${node}`,
      async () => {
        const profile = await readProfile(bed.controlPlane, node);
        const config = await readConfig(bed.controlPlane, `limit-${node}`);
        seen = JSON.stringify([profile, config?.status]);
        const isReady = config?.status?.conditions?.some(
          ({ type, status, observedGeneration }) =>
            type === "Ready" && status === "True" && observedGeneration === config.metadata.generation,
        );
        return profile?.status.tuntap?.maxQueues === maxQueues && isReady ? true : undefined;
      },
      { seen: () => seen },
    );
  }
}
