// Keeps this node at its profile: applies what is wanted (the last known profile before the API answers), looks for
// drift, and reports. Two keys in one queue with one worker: `node` never waits for the API server, `status` retries.

import { isDeepStrictEqual } from "node:util";
import type { NodeNetworkProfileSpec } from "../../crds/node-network-profile.ts";
import type { Clock } from "../kube/clock.ts";
import { describeError, type Log } from "../kube/log.ts";
import type { ReconcileResult } from "../kube/run-workers.ts";
import type { WorkQueue } from "../kube/work-queue.ts";
import type { Adopter } from "./adoption/adopter.ts";
import type { Announcer } from "./announcer.ts";
import { type ApplyReport, applySpec } from "./apply-spec.ts";
import type { LimitBackend } from "./backends/backend.ts";
import type { PluginKeeper } from "./install/create-installer.ts";
import { kernelLimitOf, nodeLimitsOf, sourceOf } from "./limits.ts";
import type { NodeFile } from "./node-file.ts";
import { nodeProblems } from "./node-health.ts";
import { type ObservedProfile, profileReference } from "./observed-profile.ts";
import { profileStatus } from "./profile-status.ts";
import type { Problem } from "./reasons.ts";
import type { NodeLimits } from "./sizing/caps.ts";
import { kernelMaxQueues } from "./sizing/kubevirt-queues.ts";
import type { StateStore } from "./state-store.ts";
import type { StatusReporter } from "./status-reporter.ts";
import type { SysctlKeeper } from "./sysctl-keeper.ts";
import type { SysctlTree } from "./sysctl-tree.ts";
import type { TunDriver } from "./tun-driver.ts";
import type { Verifier } from "./verification/verifier.ts";

export type LoopKey = "node" | "status";

export interface ProfileLoopOptions {
  readonly nodeName: string;
  readonly bootId: string;
  readonly queue: Pick<WorkQueue<LoopKey>, "add">;
  /** The profile as the API server has it; undefined while that is not known, or where there is none. */
  readonly observed: () => ObservedProfile | undefined;
  readonly reporter: Pick<StatusReporter, "latest" | "report">;
  readonly announcer: Pick<Announcer, "announce">;
  readonly writeNodeFile: (file: NodeFile) => Promise<boolean>;
  readonly hasTunDevice: () => boolean;
  readonly tunDevice: string;
  readonly tunDriver?: Pick<TunDriver, "hasMultiQueue">;
  readonly store: StateStore;
  readonly tree: Pick<SysctlTree, "read" | "path">;
  readonly keeper: Pick<SysctlKeeper, "keep">;
  readonly verifier?: Pick<Verifier, "overLimit" | "problems" | "recount">;
  readonly plugin?: Pick<PluginKeeper, "condition" | "problems">;
  readonly adoption?: Pick<Adopter, "problems">;
  readonly backends: readonly LimitBackend[];
  readonly tuntapSysctl: string;
  readonly driftIntervalMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class ProfileLoop {
  readonly #options: ProfileLoopOptions;
  #report: ApplyReport | undefined;
  #problems: readonly Problem[] = [];
  /** The profile that the last turn was about; a status never speaks of another. */
  #looked: { readonly profile: ObservedProfile | undefined } | undefined;

  constructor(options: ProfileLoopOptions) {
    this.#options = options;
  }

  /** One turn of the queue's worker. */
  async reconcile(key: LoopKey): Promise<ReconcileResult> {
    if (key === "status") {
      await this.#reportStatus();
      return undefined;
    }
    await this.#applyNode();
    const { driftIntervalMs, random, queue } = this.#options;
    queue.add("status");
    return { requeueAfterMs: driftIntervalMs * (0.8 + 0.2 * random()) };
  }

  /** What this node allows; undefined while no profile has been seen, now or before. */
  limits(): NodeLimits | undefined {
    const spec = this.#spec();
    return spec === undefined || this.#looked === undefined ? undefined : this.#limitsOf(spec);
  }

  /** What this node allows where there is no profile: what its kernel says. */
  limitsWithoutProfile(): NodeLimits {
    return this.#limitsOf(undefined);
  }

  #limitsOf(spec: NodeNetworkProfileSpec | undefined): NodeLimits {
    const { tuntapSysctl: kernelSysctl } = this.#options;
    return nodeLimitsOf({ spec, enforcedBy: this.#report?.enforcedBy, kernel: this.#kernelNow(), kernelSysctl });
  }

  /** The kernel's own limit at this moment. */
  #kernelNow(): string | undefined {
    const live = this.#options.tree.read(this.#options.tuntapSysctl);
    return live.kind === "value" ? live.value : undefined;
  }

  /** The last readable profile: one that is absent or cannot be read changes nothing. */
  #spec(): NodeNetworkProfileSpec | undefined {
    return this.#options.store.state.profile?.spec;
  }

  async #applyNode(): Promise<void> {
    const { store, tuntapSysctl, backends, keeper } = this.#options;
    const profile = this.#options.observed();
    const problems: Problem[] = [...(await this.#adopt(profile))];
    const spec = this.#spec();
    if (spec !== undefined) {
      const savedFiles = Object.keys(store.state.keys);
      const report = await applySpec({ spec, backends, keeper, savedFiles, tuntapSysctl });
      this.#logChange(spec, report);
      this.#report = report;
      problems.push(...(await this.#writeNodeFile(spec)));
    }
    const { verifier, plugin, adoption } = this.#options;
    const others = [verifier, plugin, adoption].flatMap((part) => part?.problems() ?? []);
    this.#problems = [...problems, ...(await this.#nodeProblems()), ...others];
    this.#looked = { profile };
    verifier?.recount();
    this.#announce();
  }

  /** Makes the API server's profile the one in force, remembered for the time when the API server is not there. */
  async #adopt(profile: ObservedProfile | undefined): Promise<readonly Problem[]> {
    const { store } = this.#options;
    if (profile === undefined) return [];
    const { name, uid, generation, spec } = profile;
    if (typeof spec === "string") {
      const message = `${spec}: what was applied last stays in force; update the agent, or look at the controller's log`;
      return [{ reason: "ProfileInvalid", message }];
    }
    if (this.#isInForce(profile) && store.isSaved) return [];
    try {
      await store.change((state) => ({ ...state, profile: { name, uid, generation, spec } }));
      return [];
    } catch (error) {
      const message = `cannot save the agent's state, and nothing is written without it: ${describeError(error)}`;
      return [{ reason: "StateNotSaved", message }];
    }
  }

  async #writeNodeFile(spec: NodeNetworkProfileSpec): Promise<readonly Problem[]> {
    const { writeNodeFile, tree, tuntapSysctl } = this.#options;
    try {
      const maxQueues = spec.tuntap?.maxQueues ?? kernelMaxQueues;
      const source = sourceOf(spec, "tuntap.maxQueues");
      await writeNodeFile({ maxQueues, source, sysctlPath: tree.path(tuntapSysctl) });
      return [];
    } catch (error) {
      const message = `cannot write the node's limit for plugins with static sizing: ${describeError(error)}`;
      return [{ reason: "NodeFileNotWritten", message }];
    }
  }

  async #nodeProblems(): Promise<readonly Problem[]> {
    const { hasTunDevice, tunDevice, tunDriver, tree, tuntapSysctl, store } = this.#options;
    return nodeProblems({
      hasTunDevice: hasTunDevice(),
      tunDevice,
      hasMultiQueue: await tunDriver?.hasMultiQueue(),
      kernelLimit: kernelLimitOf(this.#report === undefined ? this.#kernelNow() : this.#report.observed),
      kernelSysctlPath: tree.path(tuntapSysctl),
      setAside: await store.setAside(),
    });
  }

  #announce(): void {
    const { announcer, nodeName, observed, store } = this.#options;
    const regarding = profileReference(nodeName, observed()?.uid ?? store.state.profile?.uid);
    const { problems = [], notices = [] } = this.#report ?? {};
    announcer.announce(regarding, [...problems, ...this.#problems], notices);
  }

  #logChange(spec: NodeNetworkProfileSpec, report: ApplyReport): void {
    if (isDeepStrictEqual(this.#report, report)) return;
    const sysctls = Object.fromEntries(report.sysctls.map(({ name, state }) => [name, state]));
    const { enforcedBy } = report;
    this.#options.log.info("node applied", { hash: spec.hash, maxQueues: spec.tuntap?.maxQueues, enforcedBy, sysctls });
  }

  async #reportStatus(): Promise<void> {
    const { observed, reporter, bootId, clock } = this.#options;
    const profile = observed();
    // A newer generation waits for its own turn: neither what was applied nor what went wrong is about it.
    if (profile === undefined || !isSameGeneration(profile, this.#looked?.profile)) return;
    const status = profileStatus({
      generation: profile.generation,
      spec: this.#spec(),
      report: this.#report,
      problems: this.#problems,
      overLimit: this.#options.verifier?.overLimit,
      plugin: this.#options.plugin?.condition(),
      bootId,
      previous: reporter.latest(profile),
      now: clock.now(),
    });
    await reporter.report(profile, status);
  }

  #isInForce(profile: ObservedProfile): boolean {
    return isSameGeneration(profile, this.#options.store.state.profile);
  }
}

interface Generation {
  readonly uid: string;
  readonly generation: number;
}

function isSameGeneration(a: Generation, b: Generation | null | undefined): boolean {
  return a.uid === b?.uid && a.generation === b.generation;
}
