// The demo's CNI networks: what a cluster administrator would put in /etc/cni/net.d and in NetworkAttachmentDefinitions.
// Each is a chain: ptp makes the pod's interface, mqtap behind it the VM's tap.
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { companionTapName, podInterfaceName } from "../../../cni/tap/name.ts";

/** A network configuration list as libcni reads it. */
export interface NetworkConfigurationList {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly Readonly<Record<string, unknown>>[];
}

/** The chain of one network; `index` gives it a subnet of its own. */
export function chainedNetwork(name: string, index: number): NetworkConfigurationList {
  return {
    cniVersion: "1.1.0",
    name,
    plugins: [
      { type: "ptp", ipam: { type: "host-local", ranges: [[{ subnet: `10.244.${index}.0/24` }]] } },
      { type: "mqtap", sizing: "vm" },
    ],
  };
}

/** Writes one file a network. */
export async function writeNetworks(directory: string, networks: readonly NetworkConfigurationList[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const network of networks) {
    await writeFile(path.join(directory, `${network.name}.conflist`), `${JSON.stringify(network, null, 2)}\n`);
  }
}

/** CNI_IFNAME of a VM's network by KubeVirt's scheme: eth0 for the pod network, else "pod" and 11 digits of a hash. */
export function podInterface(network: string, position: number): string {
  return position === 0 ? "eth0" : podInterfaceName(sha256Hex, network);
}

/** Name of the tap that belongs to a {@link podInterface}. */
export function tapOf(interfaceName: string): string {
  const name = companionTapName(interfaceName);
  if (name === undefined) throw new RangeError(`"${interfaceName}" is no interface of KubeVirt's scheme`);
  return name;
}

function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
