// Adoption put together: learns of launchers from the runtime's cache, decides for their taps, lets the plugin wait for them in
// the pod's network namespace, and tells the VM's owner. One piece of work for each sandbox, again and again until nothing is
// left to do.

import { attachmentId } from "../../../cni/tap/alias.ts";
import { backoffDelayMs } from "../../kube/backoff.ts";
import type { Clock } from "../../kube/clock.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { describeError, type Log } from "../../kube/log.ts";
import type { MetricsRegistry } from "../../kube/metrics.ts";
import { type ReconcileResult, runWorkers } from "../../kube/run-workers.ts";
import type { KubeTransport } from "../../kube/transport.ts";
import { WorkQueue } from "../../kube/work-queue.ts";
import type { Problem } from "../reasons.ts";
import type { Announced } from "../sizing/announced.ts";
import type { SizingContext } from "../sizing/answer.ts";
import { plannedEvent } from "../sizing/planned-events.ts";
import { attachmentOf } from "../sizing/service.ts";
import { type Attachment, withAttachment, withoutAttachment } from "../state.ts";
import type { StateStore } from "../state-store.ts";
import type { CacheDirectory } from "./cache-directory.ts";
import type { LauncherSandbox } from "./cache-entry.ts";
import { adoptionProblems } from "./health.ts";
import { readLauncher } from "./launcher.ts";
import { type AdoptionMetrics, createAdoptionMetrics } from "./metrics.ts";
import { consequenceOf } from "./outcome.ts";
import { type PlannedTap, planTaps } from "./plan-taps.ts";
import { type AdoptAnswer, adoptByPlugin, type PluginAdopt } from "./plugin-adopt.ts";
import { SandboxWatcher } from "./sandbox-watcher.ts";

export interface AdopterOptions {
  readonly directory: CacheDirectory;
  /** Of that directory, for people. */
  readonly path: string;
  readonly transport: KubeTransport;
  readonly context: SizingContext;
  readonly store: Pick<StateStore, "state" | "change">;
  readonly plugin: PluginAdopt;
  /** noqueue for taps of VMs that ran before the agent saw them. */
  readonly adoptRunning: boolean;
  readonly announced: Announced;
  readonly events: Pick<EventRecorder, "record">;
  readonly metrics: MetricsRegistry;
  /** A tap will be there soon. */
  readonly onPlanned: () => void;
  readonly clock: Clock;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

interface Work {
  readonly sandbox: LauncherSandbox;
  /** Aborted when the sandbox is gone, or the agent stops. */
  readonly stop: AbortController;
  failures: number;
}

/** A waiting plugin has 0.5 MB of its own, 2.2 MB with what all share. */
const mostAtOnce = 32;
/** A VM may begin at any time, and its hook waits two seconds. */
const longestRetryMs = 5_000;

export class Adopter {
  readonly #options: AdopterOptions;
  readonly #queue: WorkQueue<string>;
  readonly #watcher: SandboxWatcher;
  readonly #metrics: AdoptionMetrics;
  /** By container id. */
  readonly #works = new Map<string, Work>();
  #waiting = 0;

  constructor(options: AdopterOptions) {
    const { directory, path, clock, random, log, signal, metrics } = options;
    this.#options = options;
    this.#queue = new WorkQueue({ clock, random });
    this.#watcher = new SandboxWatcher({
      ...{ directory, path, clock, log, signal },
      onEntry: (sandbox) => this.#begin(sandbox),
      onGone: (containerId) => this.#end(containerId),
    });
    this.#metrics = createAdoptionMetrics(metrics, {
      isThere: () => this.#watcher.isThere,
      waiting: () => this.#waiting,
    });
  }

  /** For the profile's conditions. */
  problems(): readonly Problem[] {
    return adoptionProblems(this.#watcher.trouble, this.#options.path);
  }

  /** Until the signal is aborted. Never rejects. */
  async run(): Promise<void> {
    const reconcile = (key: string): Promise<ReconcileResult> => this.#reconcile(key);
    const workers = runWorkers({ queue: this.#queue, workers: mostAtOnce, reconcile, log: this.#options.log });
    await this.#watcher.run();
    for (const { stop } of this.#works.values()) stop.abort();
    await this.#queue.shutDown();
    await workers;
  }

  #begin(sandbox: LauncherSandbox): void {
    const { containerId } = sandbox;
    if (!this.#works.has(containerId)) {
      this.#works.set(containerId, { sandbox, stop: new AbortController(), failures: 0 });
    }
    this.#queue.add(containerId);
  }

  #end(containerId: string): void {
    this.#works.get(containerId)?.stop.abort();
    this.#works.delete(containerId);
  }

  async #reconcile(containerId: string): Promise<ReconcileResult> {
    const work = this.#works.get(containerId);
    if (work === undefined) return undefined;
    const { signal } = work.stop;
    try {
      const again = await this.#adopt(work);
      work.failures = 0;
      return again && !signal.aborted ? { requeueAfterMs: 1_000 } : undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      work.failures += 1;
      const { log, random } = this.#options;
      log.warn("cannot adopt taps yet", { pod: podOf(work.sandbox), error: describeError(error) });
      return { requeueAfterMs: Math.min(longestRetryMs, backoffDelayMs(work.failures, random, error)) };
    }
  }

  /** True when it is to be done again. @throws when something did not answer, or failed. */
  async #adopt({ sandbox, stop: { signal } }: Work): Promise<boolean> {
    const { context, transport, store, adoptRunning, log } = this.#options;
    const pod = podOf(sandbox);
    const launcher = await readLauncher({ transport, nodeName: context.nodeName }, sandbox, signal);
    if (launcher.kind === "none") {
      log.debug("nothing to adopt", { pod, why: launcher.why });
      return false;
    }
    await this.#forgetOwned(launcher.pod.uid);
    const { attachments } = store.state;
    const taps = await planTaps({ sandbox, launcher, context, attachments, adoptRunning }, signal);
    const running = taps.filter(({ queues }) => queues === undefined);
    if (running.length > 0) await this.#adoptRunning(sandbox, running, signal);
    const planned = taps.filter(({ queues }) => queues !== undefined);
    if (planned.length === 0) return false;
    await this.#remember(sandbox, planned);
    return this.#adoptPlanned(sandbox, planned, signal);
  }

  async #adoptRunning(sandbox: LauncherSandbox, taps: readonly PlannedTap[], signal: AbortSignal): Promise<void> {
    const answer = await this.#run(sandbox, { taps, isNoqueueOnly: true, signal });
    for (const { name, outcome, why } of answer.taps) {
      this.#metrics.settled(outcome);
      this.#options.log.info("looked at the tap of a running VM", { pod: podOf(sandbox), tap: name, outcome, why });
    }
  }

  async #adoptPlanned(sandbox: LauncherSandbox, taps: readonly PlannedTap[], signal: AbortSignal): Promise<boolean> {
    const { ended, taps: adopted } = await this.#run(sandbox, { taps, isNoqueueOnly: false, signal });
    for (const tap of adopted) {
      const planned = taps.find(({ tapName }) => tapName === tap.name);
      if (planned === undefined) continue;
      this.#metrics.settled(tap.outcome);
      const { name, outcome, why, qdiscBefore } = tap;
      // Adopted, and yet something to say: the kernel refused noqueue, or somebody shapes the tap.
      const isOdd = (tap.outcome === "adopted" || tap.outcome === "unchanged") && tap.why !== undefined;
      this.#options.log[isOdd ? "warn" : "info"]("adoption", {
        pod: podOf(sandbox),
        tap: name,
        queues: tap.queues,
        outcome,
        why,
        qdiscBefore,
      });
      const id = this.#idOf(sandbox, planned.tapName);
      const attachment = this.#options.store.state.attachments[id];
      if (attachment !== undefined) await this.#conclude(id, attachment, { planned, tap });
    }
    return ended === "timeout" || ended === "abandoned";
  }

  async #conclude(
    id: string,
    attachment: Attachment,
    { planned, tap }: { readonly planned: PlannedTap; readonly tap: Parameters<typeof consequenceOf>[1] },
  ): Promise<void> {
    const { announced, events } = this.#options;
    const consequence = consequenceOf(attachment, tap);
    const isNews = (text: string): boolean => announced.isNew(attachment.podUid, attachment.network, text);
    switch (consequence.kind) {
      case "adopted": {
        const event = planned.sized === undefined ? undefined : plannedEvent(planned.sized);
        if (event !== undefined && isNews(event.note)) events.record(event);
        break;
      }
      case "forget":
        await this.#change((state) => withoutAttachment(state, id));
        break;
      case "left":
        await this.#change((state) => withAttachment(state, id, consequence.attachment));
        if (isNews(consequence.event.note)) events.record(consequence.event);
        break;
      case "open":
        break;
      default:
        consequence satisfies never;
    }
  }

  async #remember({ netns, containerId }: LauncherSandbox, taps: readonly PlannedTap[]): Promise<void> {
    const { clock, onPlanned } = this.#options;
    const decided = taps.flatMap(({ sized, tapName }) => (sized === undefined ? [] : [{ sized, tapName }]));
    if (decided.length === 0) return;
    await this.#change((state) =>
      decided.reduce((next, { sized, tapName }) => {
        const attachment = { ...attachmentOf(sized, tapName, clock.now()), isAdopted: true, netns };
        return withAttachment(next, this.#idOf({ containerId }, tapName), attachment);
      }, state),
    );
    onPlanned();
  }

  /** The runtime's cache tells of a pod's first network before the plugin is asked for the others. */
  async #forgetOwned(podUid: string): Promise<void> {
    const known = Object.entries(this.#options.store.state.attachments).filter(([, other]) => other.podUid === podUid);
    const owned = new Set(known.flatMap(([, { isAdopted, network }]) => (isAdopted === true ? [] : [network])));
    const ids = known.flatMap(([id, { isAdopted, network }]) => (isAdopted === true && owned.has(network) ? [id] : []));
    if (ids.length > 0) await this.#change((state) => ids.reduce(withoutAttachment, state));
  }

  /** A VM does not wait for the agent's disk; what is in memory holds all the same. */
  async #change(change: Parameters<StateStore["change"]>[0]): Promise<void> {
    try {
      await this.#options.store.change(change);
    } catch (error) {
      this.#options.log.warn("cannot remember the queues of a tap", { error: describeError(error) });
    }
  }

  /** No network of CNI has an empty name, so this is never the id of an ADD. */
  #idOf({ containerId }: Pick<LauncherSandbox, "containerId">, tapName: string): string {
    return attachmentId(this.#options.context.sha256Hex, { network: "", containerId, ifName: tapName });
  }

  /** @throws Error when the plugin gives no report. */
  async #run(
    { netns }: LauncherSandbox,
    call: Omit<Parameters<typeof adoptByPlugin>[1], "netns">,
  ): Promise<Extract<AdoptAnswer, { kind: "report" }>["report"]> {
    const { plugin } = this.#options;
    this.#waiting += 1;
    try {
      const answer = await adoptByPlugin(plugin, { netns, ...call });
      if (answer.kind === "report") return answer.report;
      const why = answer.kind === "absent" ? "it is not there: install the plugin, or say --plugin" : answer.why;
      throw new Error(`"${plugin.pluginPath} adopt" gave no report: ${why}`);
    } finally {
      this.#waiting -= 1;
    }
  }
}

function podOf({ podNamespace, podName }: LauncherSandbox): string {
  return `${podNamespace}/${podName}`;
}
