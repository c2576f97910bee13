// The plugin in the chain of a launcher pod, beside an interface that an earlier plugin made, with an agent that says what it
// wants.

import type { SizingAnswer } from "../../cni/sizing/protocol.ts";
import { companionTapName } from "../../cni/tap/name.ts";
import type { Bed } from "../integration/bed.ts";
import { FakeAgent } from "../integration/fake-agent.ts";
import { type PluginCall, succeed } from "../integration/plugin.ts";

/** `ifName` is the pod's interface. */
export function companionCall(
  command: string,
  { netns, ifName = "eth0" }: { readonly netns: string; readonly ifName?: string },
): PluginCall {
  const prevResult = {
    cniVersion: "1.1.0",
    interfaces: [{ name: ifName, sandbox: netns }],
    ips: [{ address: "10.0.0.2/24" }],
  };
  const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=virt-launcher-vm-abcde";
  return { command, netns, ifName, args, conf: { sizing: "vm", prevResult } };
}

/** ADD with an agent that wants a tap of so many queues. */
export async function addCompanionTap(
  bed: Bed,
  {
    netns,
    ifName = "eth0",
    queues,
    owner = 107,
  }: { readonly netns: string; readonly ifName?: string; readonly queues: number; readonly owner?: number },
): Promise<void> {
  const tapName = companionTapName(ifName) ?? "";
  const tap: SizingAnswer = { kind: "tap", queues, owner, group: owner, tapName, why: "test" };
  await using _agent = await FakeAgent.answering(bed, () => tap);
  await succeed(bed, companionCall("ADD", { netns, ifName }));
}
