// Applying a NodeNetworkConfig and seeing it arrive: shared by the steps that change the limit, and by the tests.
import type { NodeNetworkProfile } from "../../../crds/node-network-profile.ts";
import type { Cluster } from "./cluster.ts";
import { nodeNetworkConfigYaml } from "./node-network-config.ts";
import { readSettledProfile } from "./observe.ts";
import { waitUntil } from "./wait-until.ts";

/** kubectl apply of the story's config with this limit; gives kubectl's answer. */
export function applyLimit(cluster: Cluster, maxQueues: number): Promise<string> {
  return cluster.controlPlane.kubectl(["apply", "-f", "-"], { stdin: nodeNetworkConfigYaml(maxQueues) });
}

/** Waits until the node's agent has applied a profile whose limit is this; undefined: none. */
export function waitForLimit(
  cluster: Cluster,
  node: string,
  maxQueues: number | undefined,
): Promise<NodeNetworkProfile> {
  return waitUntil(`${node} to have limit ${maxQueues ?? "none"}`, async () => {
    const profile = await readSettledProfile(cluster.controlPlane, node);
    return profile !== undefined && profile.spec.tuntap?.maxQueues === maxQueues ? profile : undefined;
  });
}
