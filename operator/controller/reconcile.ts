// The shell around the pure files: two keys in one queue, each of which decides everything anew. "render" writes profiles
// and runs at once; "report" writes statuses and labels and runs a little later, so that it sees what came of it.
import type { NodeNetworkProfile } from "../../crds/node-network-profile.ts";
import type { Clock } from "../kube/clock.ts";
import type { EventRecorder } from "../kube/events.ts";
import type { Log } from "../kube/log.ts";
import type { MetricsRegistry } from "../kube/metrics.ts";
import { type ReconcileResult, runWorkers } from "../kube/run-workers.ts";
import type { KubeTransport } from "../kube/transport.ts";
import { WorkQueue } from "../kube/work-queue.ts";
import { type Caches, Renderer } from "./render.ts";
import { Reporter } from "./report.ts";

type Key = "render" | "report";

/** How long "report" waits for more to come. */
const reportDelayMs = 100;

/** What the controller needs. */
export interface ControllerOptions {
  readonly caches: Caches;
  readonly transport: KubeTransport;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics?: MetricsRegistry | undefined;
}

/** A controller that leads. */
export interface Controller {
  /** Something in the caches has changed. */
  changed(): void;
  /** This profile has been deleted. */
  profileDeleted(profile: NodeNetworkProfile): void;
  /** Works until the signal is aborted; what has begun is finished. */
  run(signal: AbortSignal): Promise<void>;
}

/** A controller over caches that have been filled. */
export function createController(options: ControllerOptions): Controller {
  const { clock, random, log, metrics } = options;
  const queue = new WorkQueue<Key>({
    clock,
    random,
    metrics: metrics && { registry: metrics, name: "controller" },
  });
  const renderer = new Renderer(options);
  const reporter = new Reporter({ ...options, look: () => renderer.look() });
  const pace = createPace(clock);

  const reconcile = async (key: Key, signal: AbortSignal): Promise<ReconcileResult> => {
    if (signal.aborted) {
      return undefined;
    }
    if (key === "report") {
      return reporter.reconcile(signal);
    }
    try {
      return await pace.run(() => renderer.reconcile(signal));
    } finally {
      queue.addAfter("report", reportDelayMs);
    }
  };

  return {
    changed() {
      queue.addAfter("render", pace.waitMs());
    },
    profileDeleted(profile) {
      renderer.forget(profile);
    },
    async run(signal) {
      const stop = (): void => void queue.shutDown();
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) {
        stop();
      }
      queue.add("render");
      await runWorkers({ queue, workers: 2, reconcile: (key) => reconcile(key, signal), log });
    },
  };
}

/** Keeps a flood of changes from taking all the time there is: after a pass, as long a pause as the pass took. An idle
 * controller answers at once. */
function createPace(clock: Clock) {
  let freeAtMs = 0;
  return {
    waitMs: () => freeAtMs - clock.monotonicMs(),
    async run<T>(work: () => Promise<T>): Promise<T> {
      const startedMs = clock.monotonicMs();
      try {
        return await work();
      } finally {
        const endedMs = clock.monotonicMs();
        freeAtMs = endedMs + Math.min(endedMs - startedMs, 1_000);
      }
    },
  };
}
