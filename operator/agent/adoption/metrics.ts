// The adoption's metrics, read when somebody scrapes.

import type { TapOutcome } from "../../../cni/adopt/report.ts";
import type { MetricsRegistry } from "../../kube/metrics.ts";

export interface AdoptionMetrics {
  settled(outcome: TapOutcome): void;
}

/** `isThere` and `waiting` are asked at scrape time. */
export function createAdoptionMetrics(
  registry: MetricsRegistry,
  now: { readonly isThere: () => boolean | undefined; readonly waiting: () => number },
): AdoptionMetrics {
  registry
    .gauge("mqtap_adoption_active", "1 while the container runtime's cache is there, so taps of KubeVirt are adopted.")
    .read({}, () => (now.isThere() === true ? 1 : 0));
  registry
    .gauge("mqtap_adoptions_waiting", "Pods in whose network namespace an adoption runs or waits for taps.")
    .read({}, now.waiting);
  const adoptions = registry.counter("mqtap_adoptions_total", "Taps of KubeVirt that were looked at, by outcome.");
  return { settled: (outcome) => adoptions.add({ outcome }) };
}
