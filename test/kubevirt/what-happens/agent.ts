// What the agent's own code decides and says in a situation, without an agent: of the VM's NICs before they have a tap, and of
// the taps once the VM runs.

import assert from "node:assert/strict";
import type { InspectReport } from "../../../cni/inspect/report.ts";
import type { SizingAnswer, SizingRequest } from "../../../cni/sizing/protocol.ts";
import { attachmentId } from "../../../cni/tap/alias.ts";
import { planTaps } from "../../../operator/agent/adoption/plan-taps.ts";
import { answerSizing, type SizedInterface, type SizingContext } from "../../../operator/agent/sizing/answer.ts";
import type { NodeLimits } from "../../../operator/agent/sizing/caps.ts";
import { plannedEvent } from "../../../operator/agent/sizing/planned-events.ts";
import { parsePod } from "../../../operator/agent/sizing/pod.ts";
import { attachmentOf } from "../../../operator/agent/sizing/service.ts";
import { parseVmi } from "../../../operator/agent/sizing/vmi.ts";
import type { Attachment } from "../../../operator/agent/state.ts";
import { verify } from "../../../operator/agent/verification/verify.ts";
import { sha256Hex } from "../sha256-hex.ts";
import type { Situation } from "./situations.ts";
import { type Nic, nodeName, podIdentity, type VirtualMachine } from "./virtual-machine.ts";

/** Of the network and the sandbox, as tests call the plugin. */
const network = "net";
const containerId = "c1";

export interface NicPlan {
  readonly nic: Nic;
  /** What the plugin asks and hears, where it makes the tap. */
  readonly sizing: { readonly request: SizingRequest; readonly answer: SizingAnswer } | undefined;
  /** E of the tap of KubeVirt's that is adopted; undefined where none is. */
  readonly adoptedQueues: number | undefined;
  readonly record: { readonly id: string; readonly attachment: Attachment } | undefined;
  /** The event, when the tap is planned. */
  readonly said: string | undefined;
}

/** `netns` is the path of the pod's. */
export async function planNics(
  situation: Situation,
  { vmi, pod }: VirtualMachine,
  { nics, netns }: { readonly nics: readonly Nic[]; readonly netns: string },
): Promise<readonly NicPlan[]> {
  const context: SizingContext = {
    nodeName,
    cluster: { pod: async () => parsePod(pod), vmi: async () => parseVmi(vmi) },
    hookImageNames: ["mqtap-hook"],
    managedTapBindings: ["mqtap"],
    limits: async () => limitsOf(situation.cap),
    sha256Hex,
  };
  const { signal } = new AbortController();
  if (situation.maker === "mqtap") return Promise.all(nics.map((nic) => planAdd(nic, context, signal)));
  const sandbox = { containerId, netns, podNamespace: podIdentity.namespace, podName: podIdentity.name };
  const taps = await planTaps(
    {
      sandbox: { ...sandbox, podUid: podIdentity.uid },
      launcher: { kind: "launcher", pod: parsePod(pod), vmi: parseVmi(vmi), isVmRunning: false },
      context,
      attachments: {},
      adoptRunning: false,
    },
    signal,
  );
  return nics.map((nic) => {
    const planned = taps.find((tap) => tap.network === nic.network);
    if (planned?.sized === undefined) return { nic, sizing: undefined, adoptedQueues: undefined, ...unrecorded };
    const id = attachmentId(sha256Hex, { network: "", containerId, ifName: nic.tap });
    const attachment = { ...attachmentOf(planned.sized, nic.tap, new Date(0)), isAdopted: true, netns };
    const said = saidOf(planned.sized);
    return { nic, sizing: undefined, adoptedQueues: planned.queues, record: { id, attachment }, said };
  });
}

const unrecorded = { record: undefined, said: undefined };

async function planAdd(nic: Nic, context: SizingContext, signal: AbortSignal): Promise<NicPlan> {
  const { ifName } = nic.call;
  const isBinding = nic.binding === "managedTap";
  const id = attachmentId(sha256Hex, { network, containerId, ifName });
  const request: SizingRequest = {
    version: 1,
    mode: isBinding ? "binding" : "companion",
    podNamespace: podIdentity.namespace,
    podName: podIdentity.name,
    podUid: podIdentity.uid,
    ifName,
    network,
    attachmentId: id,
    logicNetworkName: isBinding ? nic.network : undefined,
    maxQueues: undefined,
  };
  const { answer, sized } = await answerSizing(request, context, signal);
  assert.ok(answer.kind === "tap" && sized !== undefined, answer.why);
  const attachment = attachmentOf(sized, answer.tapName, new Date(0));
  return {
    nic,
    sizing: { request, answer },
    adoptedQueues: undefined,
    record: { id, attachment },
    said: saidOf(sized),
  };
}

function limitsOf(cap: number | undefined): NodeLimits {
  return {
    maxQueues: cap,
    maxQueuesSource: cap === undefined ? "none" : "NodeNetworkConfig/dense",
    maxQueuesPerVm: undefined,
    maxQueuesPerVmSource: "none",
    enforcement: "BestEffort",
    kernelLimit: undefined,
    kernelSysctl: "net.tuntap.max_queues",
    hasBackend: false,
  };
}

function saidOf(sized: SizedInterface): string | undefined {
  const event = plannedEvent(sized);
  return event === undefined ? undefined : shown(event);
}

/** Everything that the VM's owner is told of a NIC, the report of the running VM's taps included. */
export function eventsOf({ record, said }: NicPlan, report: InspectReport): readonly string[] {
  const before = said === undefined ? [] : [said];
  if (record === undefined) return before;
  const { news, verdicts } = verify(report, { [record.id]: record.attachment }, () => true);
  assert.equal(verdicts.unseen, 0, "the agent finds the tap in the report");
  const after = news.map(({ event, cause }) => shown(event, cause));
  return [...before, ...after];
}

/** "CapNotApplied (warning: no-hook)". */
function shown({ type, reason }: { readonly type: string; readonly reason: string }, cause = ""): string {
  const beside = [type === "Warning" ? "warning" : "", cause].filter((text) => text !== "").join(": ");
  return beside === "" ? reason : `${reason} (${beside})`;
}
