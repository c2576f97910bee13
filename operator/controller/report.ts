// What stands, told to people and to the scheduler: the status of each config and the label of each node. Written only
// when it differs, and for one config at most once a second, however fast its nodes move.
import { isDeepStrictEqual } from "node:util";
import { parseDurationMs } from "../../crds/duration.ts";
import type { NodeNetworkConfig, NodeNetworkConfigStatus } from "../../crds/node-network-config.ts";
import { apply, applyStatus } from "../kube/apply.ts";
import type { Clock } from "../kube/clock.ts";
import type { EventRecorder } from "../kube/events.ts";
import type { ReconcileResult } from "../kube/run-workers.ts";
import { isConflict, isNotFound, type KubeTransport } from "../kube/transport.ts";
import { configEvents } from "./config-events.ts";
import { eachLimited, throwAny } from "./each-limited.ts";
import { maxQueuesLabel, type ObservedNode } from "./node.ts";
import { type Circumstances, isInFlight } from "./node-standing.ts";
import { type LabelWrite, planLabels } from "./plan.ts";
import type { Caches, Picture } from "./render.ts";
import { configPath, fieldManager, nodePath } from "./resources.ts";
import { Since } from "./since.ts";
import { statusOf } from "./status.ts";

const writesAtOnce = 8;
const statusIntervalMs = 1_000;
/** A node that has not been ready for so long counts as unreachable; a short outage does not. */
const unreachableAfterMs = 60_000;

/** Writes statuses and labels. */
export class Reporter {
  readonly #caches: Caches;
  readonly #look: () => Picture;
  readonly #transport: KubeTransport;
  readonly #events: EventRecorder;
  readonly #clock: Clock;
  readonly #since = new Since();
  /** The status last written, the object it was written over, and when. */
  readonly #statuses = new Map<string, { over: NodeNetworkConfig; status: NodeNetworkConfigStatus; atMs: number }>();
  /** The label last written, and the node it was written over. */
  readonly #labels = new Map<string, { over: ObservedNode | undefined; value: string }>();

  constructor(options: {
    readonly caches: Caches;
    readonly look: () => Picture;
    readonly transport: KubeTransport;
    readonly events: EventRecorder;
    readonly clock: Clock;
  }) {
    this.#caches = options.caches;
    this.#look = options.look;
    this.#transport = options.transport;
    this.#events = options.events;
    this.#clock = options.clock;
  }

  /** One pass. @throws what a write threw. */
  async reconcile(signal: AbortSignal): Promise<ReconcileResult> {
    const picture = this.#look();
    const { circumstances, nextTurnMs } = this.#observe(picture);
    const circumstancesOf = (node: string): Circumstances =>
      circumstances.get(node) ?? { isUnreachable: false, inFlightMs: 0, rejection: undefined };
    const plans = [...picture.plans.values()];
    let soonest = nextTurnMs;
    this.#forgetGone();
    const errors = [...(await this.#writeLabels(picture, signal))];
    errors.push(
      ...(await eachLimited([...this.#caches.configs.values()], writesAtOnce, async (config) => {
        const before = this.#statusNow(config);
        const now = this.#clock.now();
        const options = { plans, profiles: picture.profiles, circumstancesOf, now };
        const after = statusOf({ ...options, config: { ...config, status: before } });
        if (isDeepStrictEqual(after, before) || signal.aborted) {
          return;
        }
        const waitMs = this.#waitMs(config);
        if (waitMs > 0) {
          soonest = Math.min(soonest, waitMs);
          return;
        }
        await this.#writeStatus(config, before, after);
      })),
    );
    throwAny(errors, "report");
    return Number.isFinite(soonest) ? { requeueAfterMs: soonest } : undefined;
  }

  /** What the watch shows, unless it has not moved since our own last write. */
  #statusNow(config: NodeNetworkConfig): NodeNetworkConfigStatus {
    const last = this.#statuses.get(config.metadata.name);
    return last?.over === config ? last.status : config.status;
  }

  #waitMs(config: NodeNetworkConfig): number {
    const last = this.#statuses.get(config.metadata.name);
    return last === undefined ? 0 : last.atMs + statusIntervalMs - this.#clock.monotonicMs();
  }

  async #writeStatus(
    config: NodeNetworkConfig,
    before: NodeNetworkConfigStatus,
    status: NodeNetworkConfigStatus,
  ): Promise<void> {
    const { name, uid } = config.metadata;
    const atMs = this.#clock.monotonicMs();
    const object = { apiVersion: config.apiVersion, kind: config.kind, metadata: { name, uid }, status };
    if (
      await this.#applied(applyStatus({ transport: this.#transport, path: configPath(name), object, fieldManager }))
    ) {
      this.#statuses.set(name, { over: config, status, atMs });
      for (const event of configEvents(config, before, status)) {
        this.#events.record(event);
      }
    }
  }

  #writeLabels(picture: Picture, signal: AbortSignal): Promise<readonly unknown[]> {
    const { nodes } = this.#caches;
    const writes = planLabels({ nodes, profiles: picture.profiles }).filter(({ node, value }) => {
      const last = this.#labels.get(node);
      return last?.over !== nodes.get(node) || last?.value !== value;
    });
    return eachLimited(writes, writesAtOnce, async (write) => {
      if (!signal.aborted) {
        await this.#writeLabel(write);
      }
    });
  }

  async #writeLabel({ node, uid, value }: LabelWrite): Promise<void> {
    const over = this.#caches.nodes.get(node);
    // with its uid, so that a node which is gone is not made anew
    const metadata = { name: node, uid, labels: { [maxQueuesLabel]: value } };
    const object = { apiVersion: "v1", kind: "Node", metadata };
    if (await this.#applied(apply({ transport: this.#transport, path: nodePath(node), object, fieldManager }))) {
      this.#labels.set(node, { over, value });
    }
  }

  /** False when the object is gone, or another one of its name is there: the watch will say so. */
  async #applied(write: Promise<unknown>): Promise<boolean> {
    try {
      await write;
      return true;
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) {
        return false;
      }
      throw error;
    }
  }

  /** For how long each node has been as it is, and when the next of them turns into something else by itself. */
  #observe({ plans, profiles, rejections }: Picture): {
    readonly circumstances: ReadonlyMap<string, Circumstances>;
    readonly nextTurnMs: number;
  } {
    const nowMs = this.#clock.monotonicMs();
    const deadlines = [...this.#caches.configs.values()].map(
      ({ metadata, spec }) => [metadata.name, parseDurationMs(spec.rollout.progressDeadline) ?? 0] as const,
    );
    const circumstances = new Map<string, Circumstances>();
    let nextTurnMs = Number.POSITIVE_INFINITY;
    for (const [name, plan] of plans) {
      const { node, spec, selectedBy } = plan;
      const profile = profiles.get(name);
      const readyMs = this.#since.elapsedMs(`node/${name}`, `${node.uid} ${node.isReady}`, nowMs);
      const flight = isInFlight(plan, profile) ? `${spec.hash} ${profile?.metadata.generation} ${node.isReady}` : "";
      const flightMs = this.#since.elapsedMs(`profile/${name}`, flight, nowMs);
      const inFlightMs = flight === "" ? 0 : flightMs;
      const limits = flight === "" ? [] : deadlines.filter(([config]) => selectedBy.has(config)).map(([, ms]) => ms);
      const turns = [...limits.map((ms) => ms - inFlightMs), node.isReady ? 0 : unreachableAfterMs - readyMs];
      nextTurnMs = Math.min(nextTurnMs, ...turns.filter((ms) => ms > 0));
      const isUnreachable = !node.isReady && readyMs >= unreachableAfterMs;
      circumstances.set(name, { isUnreachable, inFlightMs, rejection: rejections.get(name) });
    }
    return { circumstances, nextTurnMs };
  }

  #forgetGone(): void {
    const { nodes, configs } = this.#caches;
    this.#since.keepOnly(new Set([...nodes.keys()].flatMap((name) => [`node/${name}`, `profile/${name}`])));
    for (const name of this.#labels.keys()) {
      if (!nodes.has(name)) {
        this.#labels.delete(name);
      }
    }
    for (const name of this.#statuses.keys()) {
      if (!configs.has(name)) {
        this.#statuses.delete(name);
      }
    }
  }
}
