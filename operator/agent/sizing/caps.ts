// What may lower E below k, as data with a text for each: events, status and CLI all show these.

import { kernelMaxQueues } from "./kubevirt-queues.ts";
import { maxQueuesAnnotations, type Vmi } from "./vmi.ts";

export type Enforcement = "Advisory" | "BestEffort" | "Required";

/** What this node allows, from its profile and its kernel. */
export interface NodeLimits {
  readonly maxQueues: number | undefined;
  /** "NodeNetworkConfig/<name>", or "none". */
  readonly maxQueuesSource: string;
  readonly maxQueuesPerVm: number | undefined;
  readonly maxQueuesPerVmSource: string;
  readonly enforcement: Enforcement;
  /** The kernel's own limit; undefined where it has no such sysctl. */
  readonly kernelLimit: number | undefined;
  /** Where that sysctl lies, as a person names it. */
  readonly kernelSysctl: string;
  /** A kernel sysctl or BPF refuses what goes beyond the limit. */
  readonly hasBackend: boolean;
}

/** One upper bound; `value` may be below the floor of 2. */
export interface Cap {
  readonly kind: "node" | "kernel" | "share" | "annotation" | "network";
  readonly value: number;
  readonly text: string;
}

/** What a node allows one tap: the lower of profile and kernel, 256 where neither says anything. */
export function nodeLimit(limits: Pick<NodeLimits, "maxQueues" | "kernelLimit">): number {
  return Math.min(limits.maxQueues ?? kernelMaxQueues, limits.kernelLimit ?? kernelMaxQueues, kernelMaxQueues);
}

/** The node's own caps; where profile and kernel agree, the profile is the one to name. */
export function nodeCaps(limits: NodeLimits): readonly Cap[] {
  const caps: Cap[] = [];
  const { maxQueues, kernelLimit } = limits;
  if (maxQueues !== undefined) {
    caps.push({ kind: "node", value: maxQueues, text: `node limit ${maxQueues} by ${limits.maxQueuesSource}` });
  }
  if (kernelLimit !== undefined && kernelLimit < Math.min(maxQueues ?? kernelMaxQueues, kernelMaxQueues)) {
    const text = `node limit ${kernelLimit} by the kernel's ${limits.kernelSysctl}`;
    caps.push({ kind: "kernel", value: kernelLimit, text });
  }
  return caps;
}

/** An even share of maxQueuesPerVM; what one NIC leaves unused is not given to others. */
export function shareCaps(limits: NodeLimits, nicCount: number): readonly Cap[] {
  const total = limits.maxQueuesPerVm;
  if (total === undefined || nicCount === 0) return [];
  const value = Math.floor(total / nicCount);
  const nics = nicCount === 1 ? "1 NIC" : `${nicCount} NICs`;
  return [{ kind: "share", value, text: `maxQueuesPerVM ${total} over ${nics} by ${limits.maxQueuesPerVmSource}` }];
}

/** Annotations of the VM that are numbers; the others are returned as notes, since they change nothing. */
export function annotationCaps(vmi: Vmi): { readonly caps: readonly Cap[]; readonly notes: readonly string[] } {
  const caps: Cap[] = [];
  const notes: string[] = [];
  for (const key of maxQueuesAnnotations) {
    const text = vmi.annotations.get(key)?.trim();
    if (text === undefined) continue;
    if (/^[1-9]\d{0,5}$/.test(text)) caps.push({ kind: "annotation", value: Number(text), text: `annotation ${key}` });
    else notes.push(`annotation ${key} is ignored: "${text.slice(0, 32)}" is not a whole number above 0`);
  }
  return { caps, notes };
}

/** The network configuration's own maxQueues. */
export function networkCaps(maxQueues: number | undefined): readonly Cap[] {
  return maxQueues === undefined
    ? []
    : [{ kind: "network", value: maxQueues, text: `the network's maxQueues ${maxQueues}` }];
}
