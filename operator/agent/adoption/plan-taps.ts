// Which taps of a launcher are KubeVirt's to make and ours to adopt, and with how many queues: E, by the code that answers the
// plugin.

import type { Sha256Hex } from "../../../cni/tap/alias.ts";
import { podInterfaceName } from "../../../cni/tap/name.ts";
import { answerSizing, type SizedInterface, type SizingContext } from "../sizing/answer.ts";
import type { Vmi, VmiInterface } from "../sizing/vmi.ts";
import type { AgentState } from "../state.ts";
import type { LauncherSandbox } from "./cache-entry.ts";
import type { LauncherFound } from "./launcher.ts";
import { notAdoptedReason } from "./outcome.ts";

export type Launcher = Extract<LauncherFound, { readonly kind: "launcher" }>;

export interface PlannedTap {
  readonly network: string;
  readonly tapName: string;
  /** E; undefined: the VM runs, so only the qdisc is ours to change. */
  readonly queues: number | undefined;
  /** What was decided; undefined where it was decided before, or nothing is. */
  readonly sized: SizedInterface | undefined;
}

export interface TapPlanning {
  readonly sandbox: LauncherSandbox;
  readonly launcher: Launcher;
  readonly context: SizingContext;
  readonly attachments: AgentState["attachments"];
  /** Taps of VMs that ran before the agent saw them get noqueue. */
  readonly adoptRunning: boolean;
}

/** The agent does not know what the node allows, or the API server did not answer. */
class NotYetError extends Error {
  override readonly name = "NotYetError";
}

/** @throws NotYetError */
export async function planTaps(planning: TapPlanning, signal: AbortSignal): Promise<readonly PlannedTap[]> {
  const taps: PlannedTap[] = [];
  for (const nic of planning.launcher.vmi.interfaces) {
    const tap = await planTap(planning, nic, signal);
    if (tap !== undefined) taps.push(tap);
  }
  return taps;
}

async function planTap(planning: TapPlanning, nic: VmiInterface, signal: AbortSignal): Promise<PlannedTap | undefined> {
  const { launcher, attachments, adoptRunning } = planning;
  const { pod, isVmRunning } = launcher;
  const known = Object.values(attachments).filter(({ podUid, network }) => podUid === pod.uid && network === nic.name);
  // The plugin asked for this one, so it makes the tap.
  if (known.some(({ isAdopted }) => isAdopted !== true)) return undefined;
  const [decided] = known;
  const { name: network } = nic;
  // Decided once for the pod's life: the VM may have begun with it.
  if (decided !== undefined) {
    const { tapName, queues, said = [] } = decided;
    if (said.includes(notAdoptedReason)) return undefined;
    if (!isVmRunning) return { network, tapName, queues, sized: undefined };
    // It may have begun while the agent was away.
    return adoptRunning ? { network, tapName, queues: undefined, sized: undefined } : undefined;
  }
  if (isVmRunning && nic.runningQueues !== undefined) {
    if (!adoptRunning) return undefined;
    const outcome = await size(planning, nic, signal);
    return outcome === undefined
      ? undefined
      : { network, tapName: outcome.tapName, queues: undefined, sized: undefined };
  }
  const outcome = await size(planning, nic, signal);
  return outcome === undefined ? undefined : { network, queues: outcome.sized.decision.queues, ...outcome };
}

/** Undefined for an interface without a tap of several queues. */
async function size(
  planning: TapPlanning,
  nic: VmiInterface,
  signal: AbortSignal,
): Promise<{ readonly tapName: string; readonly sized: SizedInterface } | undefined> {
  const { launcher, context, sandbox } = planning;
  const ifName = interfaceName(launcher, nic, context.sha256Hex);
  if (ifName === undefined) return undefined;
  const question = {
    ...{ version: 1 as const, mode: "companion" as const, ifName, network: "", attachmentId: "" },
    podNamespace: sandbox.podNamespace,
    podName: sandbox.podName,
    podUid: sandbox.podUid,
    logicNetworkName: undefined,
    maxQueues: undefined,
  };
  // A pod runs before its VM does, and only a NIC that comes after the VM is plugged into it.
  const pod = { ...launcher.pod, isRunning: launcher.isVmRunning };
  const read = { pod: async () => pod, vmi: async () => launcher.vmi };
  const ask = (limits: SizingContext["limits"]) =>
    answerSizing(question, { ...context, cluster: read, limits }, signal);
  const asked = await ask(context.limits);
  const isRefused = asked.sized?.decision.kind === "refused";
  // No ADD waits for this answer, so nothing can be refused.
  const { answer, sized } = isRefused ? await ask(asBestEffort(context.limits)) : asked;
  if (answer.kind === "retry") throw new NotYetError(answer.why);
  if (answer.kind !== "tap" || sized === undefined || answer.queues === 1) return undefined;
  return { tapName: answer.tapName, sized: { ...sized, decision: adoptedDecision(sized.decision, isRefused) } };
}

function asBestEffort(limits: SizingContext["limits"]): SizingContext["limits"] {
  return async (signal) => {
    const known = await limits(signal);
    return known === undefined ? undefined : { ...known, enforcement: "BestEffort" };
  };
}

function adoptedDecision(decision: SizedInterface["decision"], isRefused: boolean): SizedInterface["decision"] {
  const text = `${decision.text}; KubeVirt makes the tap and mqtap adopts it`;
  if (!isRefused) return { ...decision, text };
  return { ...decision, kind: "advisory", text: `${text}, so enforcement Required is advisory here` };
}

/** The pod's interface for a NIC, as KubeVirt names it; undefined for a NIC without a network. */
function interfaceName({ vmi, pod }: Launcher, { name }: VmiInterface, sha256Hex: Sha256Hex): string | undefined {
  const network = vmi.networks.find((candidate) => candidate.name === name);
  if (network === undefined) return undefined;
  if (network.isPrimary) return "eth0";
  return pod.hasOrdinalNames ? `net${ordinalOf(vmi, name)}` : podInterfaceName(sha256Hex, name);
}

function ordinalOf(vmi: Vmi, network: string): number {
  return vmi.networks.filter(({ isPrimary }) => !isPrimary).findIndex(({ name }) => name === network) + 1;
}
