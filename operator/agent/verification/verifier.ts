// After the start: looks at the taps again and again, holds what their VMs opened against what was planned, tells the
// owners once, counts the VMs over the node's limit, and forgets attachments that are gone.

import type { InspectReport } from "../../../cni/inspect/report.ts";
import { delay } from "../../kube/clock.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { describeError, type Log } from "../../kube/log.ts";
import type { MetricsRegistry } from "../../kube/metrics.ts";
import type { TakeInventory } from "../inventory.ts";
import type { Problem } from "../reasons.ts";
import type { SizingCluster } from "../sizing/cluster.ts";
import { type Attachment, withRevised } from "../state.ts";
import type { StateStore } from "../state-store.ts";
import { Departed } from "./departed.ts";
import type { Finding } from "./events.ts";
import { InspectionHealth } from "./inspection-health.ts";
import { firstLookMs, LookTimes } from "./look-times.ts";
import { createVerificationMetrics, type VerificationMetrics } from "./metrics.ts";
import { Observations } from "./observations.ts";
import { OverLimitCount, type OverLimitCountOptions } from "./over-limit-count.ts";
import { nothingSeen, type Verdicts, verify } from "./verify.ts";

export interface VerifierOptions extends OverLimitCountOptions {
  readonly take: TakeInventory;
  readonly store: Pick<StateStore, "state" | "change">;
  readonly cluster: Pick<SizingCluster, "pod">;
  readonly events: Pick<EventRecorder, "record">;
  readonly metrics: MetricsRegistry;
  readonly intervalMs: number;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

type Attachments = StateStore["state"]["attachments"];
type Outlook = Parameters<LookTimes["next"]>[0];

const calm: Outlook = { isAwaited: false, isMoving: false };

export class Verifier {
  readonly #options: VerifierOptions;
  readonly #observations = new Observations();
  readonly #health: InspectionHealth;
  readonly #departed: Departed;
  readonly #times: LookTimes;
  readonly #overLimit: OverLimitCount;
  readonly #metrics: VerificationMetrics;
  #verdicts: Verdicts = nothingSeen;
  #soonAtMs: number | undefined;
  #wake = new AbortController();

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#health = new InspectionHealth(options.log);
    this.#departed = new Departed(options);
    this.#times = new LookTimes(options);
    this.#overLimit = new OverLimitCount(options);
    this.#metrics = createVerificationMetrics(options.metrics, () => ({
      verdicts: this.#verdicts,
      vmsOverLimit: this.#overLimit.now,
    }));
    options.signal.addEventListener("abort", () => this.#wake.abort(), { once: true });
  }

  /** For the profile's status; null: VMs cannot be counted, undefined: not yet. */
  get overLimit(): number | null | undefined {
    return this.#overLimit.told;
  }

  /** For the profile's conditions. */
  problems(): readonly Problem[] {
    return this.#health.problems();
  }

  /** The node's limits may have changed. */
  recount(): void {
    this.#overLimit.recount();
  }

  /** A tap was promised to a plugin: its VM starts within seconds. */
  expect(): void {
    this.#times.restart();
    this.#soonAtMs ??= this.#options.clock.monotonicMs() + firstLookMs;
    this.#wake.abort();
  }

  /** Looks until the signal is aborted. */
  async run(): Promise<void> {
    const { clock } = this.#options;
    let dueMs = clock.monotonicMs();
    while (await this.#isDue(dueMs)) {
      this.#soonAtMs = undefined;
      const outlook = await this.#look();
      dueMs = clock.monotonicMs() + this.#times.next(outlook);
    }
    this.#overLimit.close();
  }

  /** Waits until then, or earlier where a tap is expected; false when it is time to stop. */
  async #isDue(regularlyAtMs: number): Promise<boolean> {
    const { signal, clock } = this.#options;
    while (!signal.aborted) {
      const waitMs = Math.min(regularlyAtMs, this.#soonAtMs ?? regularlyAtMs) - clock.monotonicMs();
      if (waitMs <= 0) return true;
      this.#wake = new AbortController();
      await delay(clock, waitMs, this.#wake.signal);
    }
    return false;
  }

  /** Returns what there is to look for soon. */
  async #look(): Promise<Outlook> {
    const { store, take, signal } = this.#options;
    // Before the report: what is promised meanwhile is not missing from it.
    const before = store.state.attachments;
    this.#observations.keepOnly(new Set(Object.keys(before)));
    if (Object.keys(before).length === 0) {
      this.#health.isBlind = false;
      this.#sum(before, nothingSeen);
      return calm;
    }
    try {
      const report = await take(signal);
      this.#metrics.looked(report.failures.length === 0 ? "complete" : "partial");
      this.#health.succeeded(report);
      await this.#verify(before, report);
    } catch (error) {
      if (signal.aborted) return calm;
      this.#metrics.looked("failed");
      if (this.#health.failed(error)) this.#giveUp();
      return calm;
    }
    const isAwaited = Object.keys(before).some((id) => (this.#observations.believed(id) ?? 0) === 0);
    return { isAwaited, isMoving: this.#observations.isMoving };
  }

  async #verify(before: Attachments, report: InspectReport): Promise<void> {
    const see = this.#observations.see.bind(this.#observations);
    const { verdicts, news, revised, absent } = verify(report, before, see);
    for (const id of absent.keys()) this.#observations.forget(id);
    for (const finding of news) this.#tell(finding);
    const departed = await this.#departed.among(absent, this.#options.signal);
    const { hasRunning, hasUnknown } = this.#departed.standing;
    const hasSeenNone = verdicts.unseen === Object.keys(before).length;
    this.#health.isBlind = hasSeenNone && hasRunning;
    // What cannot be seen is not 0.
    if (this.#health.isBlind) this.#giveUp();
    else if (!(hasSeenNone && hasUnknown)) this.#sum(before, verdicts);
    await this.#remember(before, new Map([...revised, ...departed.map((id) => [id, undefined] as const)]));
  }

  #tell(finding: Finding): void {
    const { reason, note, type } = finding.event;
    this.#metrics.found(finding);
    this.#options.events.record(finding.event);
    this.#options.log[type === "Warning" ? "warn" : "info"]("verified", { reason, note });
  }

  #sum(attachments: Attachments, verdicts: Verdicts): void {
    this.#verdicts = verdicts;
    // An agent that has just started does not say 0 of VMs that it will believe in a moment.
    if (!this.#overLimit.hasBegun && !this.#observations.isSettled) return;
    const running = Object.entries(attachments).map(([id, { vmiUid }]) => ({
      vmiUid,
      open: this.#observations.believed(id) ?? 0,
    }));
    this.#overLimit.set(running);
  }

  #giveUp(): void {
    this.#verdicts = nothingSeen;
    this.#overLimit.giveUp();
  }

  async #remember(before: Attachments, revised: ReadonlyMap<string, Attachment | undefined>): Promise<void> {
    if (revised.size === 0) return;
    try {
      await this.#options.store.change((state) => withRevised(state, before, revised));
    } catch (error) {
      this.#options.log.warn("cannot remember what was verified", { error: describeError(error) });
    }
  }
}
