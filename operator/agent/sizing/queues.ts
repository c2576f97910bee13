// E: how many queues an interface's tap is made for, and why. The one place where this is decided; the rules are
// those of "How many queues: E" in the architecture. Pure, total, and never below 2 for a tap with several queues.

import { annotationCaps, type Cap, type NodeLimits, networkCaps, nodeCaps, nodeLimit, shareCaps } from "./caps.ts";
import { kernelMaxQueues, kubevirtQueues, multiqueueInterfaces } from "./kubevirt-queues.ts";
import type { Vmi, VmiInterface } from "./vmi.ts";

export interface QueueQuestion {
  readonly vmi: Vmi;
  readonly nic: VmiInterface;
  readonly pod: { readonly hasHook: boolean; readonly isMigrationTarget: boolean; readonly isRunning: boolean };
  readonly limits: NodeLimits;
  /** The network configuration's own maxQueues. */
  readonly networkMaxQueues: number | undefined;
}

export const obstacles = ["migration-target", "hotplugged", "no-hook"] as const;

/** Why a cap cannot be applied: nothing rewrites this interface's domain XML on this node. */
export type Obstacle = (typeof obstacles)[number];

export interface QueueDecision {
  /** `advisory`: a lower limit is wished and cannot be applied. */
  readonly kind: "full" | "capped" | "advisory" | "refused";
  /** What KubeVirt opens by itself: k. */
  readonly wanted: number;
  /** E. */
  readonly queues: number;
  /** What the caps come to; below E where an obstacle keeps them from being applied. */
  readonly wished: number;
  /** The caps that decide: all of the lowest value. */
  readonly deciding: readonly Cap[];
  readonly obstacle: Obstacle | undefined;
  /** One line for a person, `8 -> 4 on network "blue": ...`. */
  readonly text: string;
}

const floor = 2;

const obstacleTexts: Readonly<Record<Obstacle, string>> = {
  "migration-target": "migration target",
  hotplugged: "hotplugged into a running VM",
  "no-hook": "no hook",
};

export function decideQueues(question: QueueQuestion): QueueDecision {
  const { vmi, nic, pod, limits } = question;
  const wanted = kubevirtQueues(vmi, nic, pod.isMigrationTarget);
  const head = `${wanted.count} on network "${nic.name}"`;
  if (wanted.count === 1) {
    return {
      kind: "full",
      wanted: 1,
      queues: 1,
      wished: 1,
      deciding: [],
      obstacle: undefined,
      text: `${head}: ${wanted.text}`,
    };
  }
  const annotations = annotationCaps(vmi);
  const nics = multiqueueInterfaces(vmi, pod.isMigrationTarget).length;
  const caps = [
    ...nodeCaps(limits),
    ...shareCaps(limits, nics),
    ...annotations.caps,
    ...networkCaps(question.networkMaxQueues),
  ].filter((cap) => cap.value < wanted.count);
  const lowest = Math.min(wanted.count, ...caps.map((cap) => cap.value));
  const deciding = caps.filter((cap) => cap.value === lowest);
  const wished = Math.max(floor, lowest);
  const obstacle = obstacleOf(pod);
  const queues = obstacle === undefined ? wished : wanted.count;
  const common = { wanted: wanted.count, queues, wished, deciding, obstacle };
  const notes = [...totalNotes(limits, queues, nics), ...kernelNotes(limits), ...annotations.notes];
  const because = deciding.map((cap) => cap.text).join(" and ");

  const refusal = refusalText(limits, wanted.count, queues, obstacle);
  if (refusal !== undefined) return { ...common, kind: "refused", text: `${head}: ${refusal}` };
  if (wished === wanted.count) {
    return { ...common, kind: "full", text: joined(`${head}: ${wanted.text}`, notes) };
  }
  if (obstacle !== undefined) {
    const text = `${head}: advisory: ${obstacleTexts[obstacle]}, so ${theCaps(deciding)} cannot be applied`;
    return { ...common, kind: "advisory", text: joined(text, notes) };
  }
  const raised = lowest < floor ? `, raised to the floor of ${floor}` : "";
  const text = `${wanted.count} -> ${queues} on network "${nic.name}": ${because}${raised}`;
  return { ...common, kind: "capped", text: joined(text, notes) };
}

/** A pod that a VM once migrated into keeps its label: when it runs, an interface that comes now is a hotplugged one. */
function obstacleOf(pod: QueueQuestion["pod"]): Obstacle | undefined {
  if (pod.isRunning) return "hotplugged";
  if (pod.isMigrationTarget) return "migration-target";
  return pod.hasHook ? undefined : "no-hook";
}

function theCaps(caps: readonly Cap[]): string {
  return caps.map((cap) => (cap.kind === "node" ? `the node limit of ${cap.value}` : cap.text)).join(" and ");
}

/** enforcement Required: with a backend E must fit, without one even what KubeVirt would open on its own must. */
function refusalText(
  limits: NodeLimits,
  wanted: number,
  queues: number,
  obstacle: Obstacle | undefined,
): string | undefined {
  const limit = Math.max(floor, nodeLimit(limits));
  if (limits.enforcement !== "Required" || limit >= kernelMaxQueues) return undefined;
  const by = nodeCaps(limits).at(-1)?.text ?? `node limit ${limit}`;
  if (!limits.hasBackend && wanted > limit) {
    return (
      `refused: enforcement is Required, this node's kernel cannot refuse a queue, and KubeVirt would open ${wanted} ` +
      `(${by}): give the VM at most ${limit} vCPUs, raise maxQueues, or set enforcement BestEffort`
    );
  }
  if (queues <= limit) return undefined;
  const why = obstacle === undefined ? "" : ` (${obstacleTexts[obstacle]})`;
  return (
    `refused: enforcement is Required and this interface needs ${queues} queues${why}, above the ${by}: ` +
    `${remedy(obstacle)}, raise maxQueues, or set enforcement BestEffort`
  );
}

function remedy(obstacle: Obstacle | undefined): string {
  if (obstacle === "migration-target") return "migrate the VM to a node that allows as many";
  if (obstacle === "hotplugged") return "add the interface while the VM is stopped";
  return "add the mqtap hook to the VM";
}

function totalNotes(limits: NodeLimits, queues: number, nics: number): readonly string[] {
  const total = limits.maxQueuesPerVm;
  if (total === undefined || queues * nics <= total) return [];
  const together = nics === 1 ? `1 NIC with ${queues} queues goes` : `${nics} NICs with ${queues} queues each go`;
  return [`${together} beyond maxQueuesPerVM ${total}`];
}

function kernelNotes(limits: NodeLimits): readonly string[] {
  if (limits.kernelLimit === undefined || limits.kernelLimit >= floor) return [];
  return [
    `the kernel's ${limits.kernelSysctl} is ${limits.kernelLimit}, so a VM with multiqueue cannot start here: ` +
      `raise it to ${floor} or more`,
  ];
}

function joined(text: string, notes: readonly string[]): string {
  return [text, ...notes].join("; ");
}
