// Which of the VM's networks an ADD is for, and the name of the tap that KubeVirt will adopt there.
// KubeVirt's own naming: pkg/network/namescheme/networknamescheme.go (hashed, and ordinal for old launchers).

import type { SizingMode } from "../../../cni/sizing/protocol.ts";
import type { Sha256Hex } from "../../../cni/tap/alias.ts";
import { companionTapName, podInterfaceName } from "../../../cni/tap/name.ts";
import type { Vmi, VmiNetwork } from "./vmi.ts";

export interface InterfaceQuestion {
  readonly mode: SizingMode;
  readonly ifName: string;
  readonly logicNetworkName: string | undefined;
  readonly hasOrdinalNames: boolean;
}

export type InterfaceNetwork =
  | { readonly kind: "found"; readonly network: string; readonly tapName: string }
  /** The interface is none of the VM's: the pod's own, or one that somebody added to the pod. */
  | { readonly kind: "foreign" }
  /** The interface bears a name of KubeVirt's, or was named, and the VM has no such network. */
  | { readonly kind: "unknown" };

/** In main mode the tap is the interface itself; else it stands beside it under KubeVirt's name. */
export function findNetwork(vmi: Vmi, question: InterfaceQuestion, sha256Hex: Sha256Hex): InterfaceNetwork {
  const named = question.logicNetworkName;
  if (named !== undefined) {
    const network = vmi.networks.find(({ name }) => name === named);
    if (network === undefined) return { kind: "unknown" };
    return { kind: "found", network: named, tapName: tapNameFor(vmi, network, question.hasOrdinalNames, sha256Hex) };
  }
  const found = findByInterface(vmi, question.ifName, sha256Hex);
  if (found.kind !== "found" || question.mode !== "main") return found;
  return { ...found, tapName: question.ifName };
}

function findByInterface(vmi: Vmi, ifName: string, sha256Hex: Sha256Hex): InterfaceNetwork {
  const tapName = companionTapName(ifName);
  if (tapName === undefined) return { kind: "foreign" };
  if (ifName === "eth0") {
    // Every pod has it, also that of a VM without a primary network.
    const primary = vmi.networks.find(({ isPrimary }) => isPrimary);
    return primary === undefined ? { kind: "foreign" } : { kind: "found", network: primary.name, tapName };
  }
  const network = ifName.startsWith("pod")
    ? vmi.networks.find(({ name }) => podInterfaceName(sha256Hex, name) === ifName)
    : secondaryNetworks(vmi)[Number(ifName.slice("net".length)) - 1];
  return network === undefined ? { kind: "unknown" } : { kind: "found", network: network.name, tapName };
}

function tapNameFor(vmi: Vmi, network: VmiNetwork, hasOrdinalNames: boolean, sha256Hex: Sha256Hex): string {
  if (network.isPrimary) return "tap0";
  if (hasOrdinalNames) return `tap${secondaryNetworks(vmi).indexOf(network) + 1}`;
  return `tap${podInterfaceName(sha256Hex, network.name).slice("pod".length)}`;
}

function secondaryNetworks(vmi: Vmi): readonly VmiNetwork[] {
  return vmi.networks.filter(({ isPrimary }) => !isPrimary);
}
