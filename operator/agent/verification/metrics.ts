// The verification's metrics, read when somebody scrapes.

import type { MetricsRegistry } from "../../kube/metrics.ts";
import type { Finding } from "./events.ts";
import type { Verdicts } from "./verify.ts";

/** What the last look found. */
export interface LookSummary {
  readonly verdicts: Verdicts;
  readonly vmsOverLimit: number | undefined;
}

export interface VerificationMetrics {
  looked(result: "complete" | "partial" | "failed"): void;
  found(finding: Pick<Finding, "reason" | "cause">): void;
}

export function createVerificationMetrics(registry: MetricsRegistry, summary: () => LookSummary): VerificationMetrics {
  const over = registry.gauge(
    "mqtap_vms_over_limit",
    "VMs that run with more queues than the node's limit wishes; NaN while nothing has been counted.",
  );
  over.read({}, () => summary().vmsOverLimit ?? Number.NaN);
  const taps = registry.gauge("mqtap_taps", "Taps planned for this node's VMs, by what the last look found.");
  for (const verdict of ["closed", "as-planned", "capped", "over", "unseen"] as const) {
    taps.read({ verdict }, () => summary().verdicts[verdict]);
  }
  const looks = registry.counter("mqtap_inspections_total", "Times that the taps' queues were counted, by result.");
  const findings = registry.counter(
    "mqtap_verifications_total",
    "What VMs' owners were told after the start, by reason.",
  );
  return {
    looked: (result) => looks.add({ result }),
    found: ({ reason, cause }) => findings.add(cause === "" ? { reason } : { reason, cause }),
  };
}
