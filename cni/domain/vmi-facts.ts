// What the hook needs of the VirtualMachineInstance that KubeVirt hands it: which network is the pod's primary one, and how far
// the annotations lower the queues. They mean what they mean to the agent (operator/agent/sizing/caps.ts); what cannot be read
// is unknown, and no reason to stop.

import { isJsonObject, showJson } from "../json-object.ts";

export interface VmiFacts {
  /** The pod network, or the multus network with `default: true`. */
  readonly primaryNetworks: ReadonlySet<string>;
  /** The lowest of the annotations, at least 2. */
  readonly annotationCap: number | undefined;
  /** What could not be read. */
  readonly faults: readonly string[];
}

const maxQueuesAnnotations = ["mqtap.io/max-queues", "network.kubevirt.io/max-queues"];
/** A cap never goes below 2, so that the tap's bit stays the one that KubeVirt chose. */
const leastCap = 2;

/** Never throws. */
export function parseVmiFacts(text: string | undefined): VmiFacts {
  const unknown = (fault: string): VmiFacts => ({
    primaryNetworks: new Set(),
    annotationCap: undefined,
    faults: [fault],
  });
  if (text === undefined) return unknown("--vmi is missing");
  let vmi: unknown;
  try {
    vmi = JSON.parse(text);
  } catch (error) {
    return unknown(`the VMI is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isJsonObject(vmi)) return unknown(`the VMI is ${showJson(vmi)}, not an object`);
  return { primaryNetworks: primaryNetworks(vmi), ...readAnnotations(member(member(vmi, "metadata"), "annotations")) };
}

function readAnnotations(annotations: unknown): Pick<VmiFacts, "annotationCap" | "faults"> {
  const caps: number[] = [];
  const faults: string[] = [];
  for (const key of maxQueuesAnnotations) {
    const value = member(annotations, key);
    if (value === undefined) continue;
    const digits = typeof value === "string" ? value.trim() : "";
    if (/^[1-9]\d{0,5}$/.test(digits)) caps.push(Number(digits));
    else faults.push(`annotation ${key} is ignored: ${showJson(value)} is not a whole number above 0`);
  }
  return { annotationCap: caps.length === 0 ? undefined : Math.max(leastCap, Math.min(...caps)), faults };
}

function primaryNetworks(vmi: unknown): ReadonlySet<string> {
  const networks = member(member(vmi, "spec"), "networks");
  const names = new Set<string>();
  for (const network of Array.isArray(networks) ? networks : []) {
    const isPrimary = member(network, "pod") !== undefined || member(member(network, "multus"), "default") === true;
    const name = member(network, "name");
    if (isPrimary && typeof name === "string") names.add(name);
  }
  return names;
}

/** An own member; undefined where there is none, where it is null, and of what is no object. */
function member(value: unknown, key: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined;
}
