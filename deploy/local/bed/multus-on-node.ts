// Multus as an administrator installs it, without its DaemonSet: its kind and rights in the API, and on each node a kubeconfig
// and a network configuration that stands before all others.
import type { ControlPlane } from "../control-plane.ts";
import { renderKubeconfig } from "../kubeconfig.ts";
import { multusAccount, multusManifests } from "../multus.ts";
import type { NetworkConfigurationList } from "../story/networks.ts";
import { apiServerInside } from "./hub.ts";
import type { BedNode } from "./node.ts";
import { caPath, multusKubeconfigPath, multusNetwork } from "./node-config.ts";

/** Writes the API objects; networks can be created when this settles. */
export async function installMultus(controlPlane: ControlPlane): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: multusManifests };
  await controlPlane.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(list) });
  await controlPlane.kubectl(["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
}

/** Writes what Multus on the node talks to the API server with. */
export async function writeMultusKubeconfig(node: BedNode, token: string): Promise<void> {
  const user = multusAccount.serviceAccount;
  const text = renderKubeconfig({ server: apiServerInside, caFile: caPath, user, token });
  await node.writeFile(multusKubeconfigPath, text, 0o600);
}

/** The pods' default network on the node, from the next pod on. */
export async function writeDefaultNetwork(node: BedNode, network: NetworkConfigurationList): Promise<void> {
  await node.writeFile("/etc/cni/net.d/00-multus.conf", `${JSON.stringify(multusNetwork(network), null, 2)}\n`);
}
