// The metrics of a work queue under the names that Kubernetes' own controllers use, so that existing dashboards work.
import type { MetricsRegistry } from "./metrics.ts";

/** What a queue tells its metrics. */
export interface WorkQueueMetrics {
  added(): void;
  retried(): void;
  /** From being queued to being taken. */
  waited(seconds: number): void;
  /** From being taken to being done. */
  worked(seconds: number): void;
}

/** What is read from the queue at scrape time. */
export interface WorkQueueGauges {
  readonly depth: () => number;
  /** Seconds of work not yet done, summed over the keys being worked on. */
  readonly unfinishedSeconds: () => number;
}

/** Metrics that go nowhere. */
export const noWorkQueueMetrics: WorkQueueMetrics = {
  added: () => undefined,
  retried: () => undefined,
  waited: () => undefined,
  worked: () => undefined,
};

const bounds = [0.001, 0.01, 0.1, 1, 10, 100, 1000];

/** Registers the metrics of the queue called `name`. */
export function registerWorkQueueMetrics(
  registry: MetricsRegistry,
  name: string,
  gauges: WorkQueueGauges,
): WorkQueueMetrics {
  const labels = { name };
  const adds = registry.counter("workqueue_adds_total", "Keys added");
  const retries = registry.counter("workqueue_retries_total", "Keys added again after a failure");
  const wait = registry.histogram("workqueue_queue_duration_seconds", "How long a key waits in the queue", bounds);
  const work = registry.histogram("workqueue_work_duration_seconds", "How long working on a key takes", bounds);
  registry.gauge("workqueue_depth", "Keys waiting").read(labels, gauges.depth);
  registry
    .gauge("workqueue_unfinished_work_seconds", "Seconds of work in progress")
    .read(labels, gauges.unfinishedSeconds);
  return {
    added: () => adds.add(labels),
    retried: () => retries.add(labels),
    waited: (seconds) => wait.observe(labels, seconds),
    worked: (seconds) => work.observe(labels, seconds),
  };
}
