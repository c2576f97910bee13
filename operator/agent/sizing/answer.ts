// One sizing request answered: whose pod is it, which of the VM's networks is meant, how many queues does its tap get.
// Reads pod and VMI through parameters and decides; recording and events are left to the caller.

import {
  type SizingAnswer,
  type SizingRefusal,
  type SizingRequest,
  sizingRefusals,
} from "../../../cni/sizing/protocol.ts";
import type { Sha256Hex } from "../../../cni/tap/alias.ts";
import { describeError } from "../../kube/log.ts";
import { KubeApiError } from "../../kube/transport.ts";
import type { NodeLimits } from "./caps.ts";
import type { SizingCluster } from "./cluster.ts";
import { findNetwork } from "./interface-network.ts";
import { MalformedObjectError } from "./json-reader.ts";
import { hasHook, type LauncherPod } from "./pod.ts";
import { decideQueues, type QueueDecision } from "./queues.ts";
import { readVmiAhead } from "./read-vmi-ahead.ts";
import type { Vmi, VmiInterface } from "./vmi.ts";

export interface SizingContext {
  readonly nodeName: string;
  readonly cluster: SizingCluster;
  readonly hookImageNames: readonly string[];
  readonly managedTapBindings: readonly string[];
  /** undefined: not known yet, since the API server has not been reached and nothing was applied before. */
  readonly limits: (signal: AbortSignal) => Promise<NodeLimits | undefined>;
  readonly sha256Hex: Sha256Hex;
}

/** What was decided for a VM's interface, for record and event. */
export interface SizedInterface {
  readonly pod: LauncherPod;
  readonly vmi: Vmi;
  readonly network: string;
  readonly decision: QueueDecision;
}

export interface SizingOutcome {
  readonly answer: SizingAnswer;
  readonly sized: SizedInterface | undefined;
}

/** Never throws: what the API server does not tell becomes `retry`, what it tells wrongly becomes `refused`. */
export async function answerSizing(
  request: SizingRequest,
  context: SizingContext,
  signal: AbortSignal,
): Promise<SizingOutcome> {
  try {
    return await decide(request, context, signal);
  } catch (error) {
    if (error instanceof MalformedObjectError) return refused("BadRequest", `cannot size the tap: ${error.message}`);
    return plain({ kind: "retry", why: retryText(error) });
  }
}

async function decide(request: SizingRequest, context: SizingContext, signal: AbortSignal): Promise<SizingOutcome> {
  const podText = `pod "${request.podNamespace}/${request.podName}"`;
  const readVmi = readVmiAhead(request, context.cluster, signal);
  const pod = await context.cluster.pod(request.podNamespace, request.podName, signal);
  if (pod === undefined) return refused("PodNotFound", `${podText} does not exist`);
  const stranger = strangerText(pod, request, context.nodeName);
  if (stranger !== undefined) return refused("PodNotFound", `${podText} ${stranger}`);
  if (pod.vmi === undefined || pod.isTemporary) return notOfAVm(request, podText, pod);

  const vmiText = `VirtualMachineInstance "${pod.namespace}/${pod.vmi.name}"`;
  const vmi = await readVmi(pod.vmi.name);
  if (vmi === undefined)
    return refused("VirtualMachineGone", `${vmiText}, which ${podText} belongs to, does not exist`);
  if (vmi.uid !== pod.vmi.uid) {
    const why = `${vmiText} has uid "${vmi.uid}", but ${podText} belongs to uid "${pod.vmi.uid}": an earlier VM`;
    return refused("VirtualMachineGone", why);
  }

  const question = { ...request, hasOrdinalNames: pod.hasOrdinalNames };
  const found = findNetwork(vmi, question, context.sha256Hex);
  const wanted = request.logicNetworkName ?? request.ifName;
  if (found.kind === "foreign" && request.mode === "companion") {
    return none(`interface "${wanted}" is none of ${vmiText}`);
  }
  const nic = found.kind === "found" ? vmi.interfaces.find(({ name }) => name === found.network) : undefined;
  if (found.kind !== "found" || nic === undefined) {
    const known = vmi.interfaces.map(({ name }) => `"${name}"`).join(", ") || "none";
    return refused("UnknownNetwork", `${vmiText} has no interface for "${wanted}"; its interfaces: ${known}`);
  }
  if (request.mode === "companion" && pod.boundNetworks.includes(nic.name)) {
    return none(`the network binding of interface "${nic.name}" makes its tap`);
  }
  return untapped(request, context, nic) ?? (await sized({ request, context, signal, pod, vmi, nic, ...found }));
}

/** A pod of another node or another life; the answer would be right for neither. */
function strangerText(pod: LauncherPod, request: SizingRequest, nodeName: string): string | undefined {
  if (request.podUid !== undefined && request.podUid !== pod.uid) {
    return `has uid "${pod.uid}", but the runtime asks for uid "${request.podUid}": it has been replaced`;
  }
  if (pod.nodeName === nodeName) return undefined;
  return `is bound to node "${pod.nodeName}", but this agent serves node "${nodeName}" (its flag --node-name)`;
}

function notOfAVm(request: SizingRequest, podText: string, pod: LauncherPod): SizingOutcome {
  const why = pod.isTemporary
    ? `${podText} only provisions something for a VM and runs none`
    : `${podText} is not controlled by a VirtualMachineInstance`;
  if (request.mode === "companion") return none(why);
  return refused("NotAVirtualMachine", `${why}: use "sizing": "static" for pods that are no virtual machines`);
}

/** Interfaces that have no tap of ours, whatever their queues. */
function untapped(request: SizingRequest, context: SizingContext, nic: VmiInterface): SizingOutcome | undefined {
  const { binding } = nic;
  if (nic.isAbsent) return none(`interface "${nic.name}" has state absent`);
  if (binding.kind === "sriov") return none(`interface "${nic.name}" is SR-IOV: it has no tap`);
  if (binding.kind === "passt") return none(`interface "${nic.name}" uses passt: it has no tap`);
  if (binding.kind === "core" || request.mode === "main" || context.managedTapBindings.includes(binding.name)) {
    return undefined;
  }
  const why = `binding plugin "${binding.name}" of interface "${nic.name}" is not known as a managedTap binding`;
  if (request.mode === "companion") return none(why);
  const known = context.managedTapBindings.map((name) => `"${name}"`).join(", ") || "none";
  return refused(
    "BindingNotManagedTap",
    `${why} (known: ${known}): if its domainAttachmentType is managedTap, add it to the agent's flag --managed-tap-bindings`,
  );
}

interface Sizing {
  readonly request: SizingRequest;
  readonly context: SizingContext;
  readonly signal: AbortSignal;
  readonly pod: LauncherPod;
  readonly vmi: Vmi;
  readonly nic: VmiInterface;
  readonly network: string;
  readonly tapName: string;
}

async function sized({ request, context, signal, pod, vmi, nic, network, tapName }: Sizing): Promise<SizingOutcome> {
  const limits = await context.limits(signal);
  if (limits === undefined) {
    return plain({ kind: "retry", why: "the agent has not yet read what this node allows from the API server" });
  }
  const { isMigrationTarget, isRunning } = pod;
  const decision = decideQueues({
    vmi,
    nic,
    pod: { hasHook: hasHook(pod, context.hookImageNames), isMigrationTarget, isRunning },
    limits,
    networkMaxQueues: request.maxQueues,
  });
  const interfaceOfVm = { pod, vmi, network, decision };
  if (decision.kind === "refused") return { ...refused("LimitRequired", decision.text), sized: interfaceOfVm };
  const { queues, text } = decision;
  const owner = vmi.runtimeUser;
  return { answer: { kind: "tap", queues, owner, group: owner, tapName, why: text }, sized: interfaceOfVm };
}

function retryText(error: unknown): string {
  if (error instanceof KubeApiError && error.status === 403) {
    return `the API server forbids the agent to read (${error.message}): apply deploy/overlays/default again, which holds its RBAC`;
  }
  return `cannot read pod and VM from the API server: ${describeError(error)}`;
}

function plain(answer: SizingAnswer): SizingOutcome {
  return { answer, sized: undefined };
}

function none(why: string): SizingOutcome {
  return plain({ kind: "none", why });
}

function refused(reason: SizingRefusal, why: string): SizingOutcome {
  return plain({ kind: "refused", code: sizingRefusals[reason], why });
}
