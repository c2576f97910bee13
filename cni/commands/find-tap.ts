// The tap of one attachment in its namespace, known by its mark alone: no agent, no prevResult, no cache is needed.

import type { Link, NetworkNamespace } from "../kernel/kernel.ts";
import { attachmentId } from "../tap/alias.ts";
import { companionTapName, podInterfaceName } from "../tap/name.ts";
import { isOfAttachment } from "../tap/plan.ts";
import type { Call } from "./call.ts";

/** Looks where KubeVirt's scheme and CNI_IFNAME would put it, and only then at every link. */
export function findTap(call: Call, namespace: NetworkNamespace, logicNetworkName?: string): Link | undefined {
  const { environment, network, sys } = call;
  const { containerId, ifName } = environment;
  const id = attachmentId(sys.sha256Hex, { network, containerId, ifName });
  const ofLogicNetwork =
    logicNetworkName === undefined ? undefined : companionTapName(podInterfaceName(sys.sha256Hex, logicNetworkName));
  for (const name of [ofLogicNetwork, ifName, companionTapName(ifName)]) {
    const link = name === undefined ? undefined : namespace.findLink(name);
    if (link?.tap?.isTap === true && isOfAttachment(link, id)) return link;
  }
  return namespace.links().find((link) => link.tap?.isTap === true && isOfAttachment(link, id));
}
