// How many queues a NIC of the domain gets. Never more than it has, and never a count that the tap would refuse: a tap with
// IFF_MULTI_QUEUE must be opened with several queues, one without with one, or the VM does not start.

import type { TapFacts } from "./read-taps.ts";

export type QueueDecision =
  | { readonly kind: "lower"; readonly to: number; readonly by: "alias" | "annotation" }
  /** As it should be. */
  | { readonly kind: "keep" }
  /** It may have more queues than it should, and why. */
  | { readonly kind: "leave"; readonly why: string };

export function decideQueues(facts: {
  readonly queues: number;
  readonly tapName: string;
  readonly tap: TapFacts | undefined;
  readonly annotationCap: number | undefined;
}): QueueDecision {
  const { queues, tapName, tap, annotationCap } = facts;
  const told = tap?.alias?.queues;
  if (told !== undefined && told <= queues) return fitted({ to: told, by: "alias" }, facts);
  if (annotationCap !== undefined) return fitted({ to: annotationCap, by: "annotation" }, facts);
  const why =
    told === undefined
      ? `"${tapName}" has no alias of mqtap: let the node's agent adopt taps, or set the annotation mqtap.io/max-queues`
      : `the alias of "${tapName}" says ${told}, more than the domain's ${queues}: something in the pod has changed one of them`;
  return { kind: "leave", why };
}

function fitted(
  { to, by }: { readonly to: number; readonly by: "alias" | "annotation" },
  { queues, tapName, tap }: { readonly queues: number; readonly tapName: string; readonly tap: TapFacts | undefined },
): QueueDecision {
  if (to >= queues) return { kind: "keep" };
  // Unknown: what KubeVirt wrote is more than one, so the tap it made is meant for several.
  const isMultiQueue = tap?.isMultiQueue ?? true;
  if (to > 1 === isMultiQueue) return { kind: "lower", to, by };
  const kind = isMultiQueue ? "several queues" : "one queue";
  return {
    kind: "leave",
    why: `"${tapName}" is a tap for ${kind} and would refuse ${to}, so that the VM could not start`,
  };
}
