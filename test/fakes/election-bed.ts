// Leader election against leases in memory, on a clock moved by hand: what its tests share.
import { type Leadership, runAsLeader } from "../../operator/kube/leader-election.ts";
import { parseLease } from "../../operator/kube/lease.ts";
import type { KubeRequest, KubeTransport } from "../../operator/kube/transport.ts";
import { FakeClock } from "./fake-clock.ts";
import { InMemoryApi } from "./in-memory-api.ts";
import { createMemoryLog } from "./memory-log.ts";

/** Where the lease lies. */
export const leasePath = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/elected";
/** A write that a leader may do. */
export const write: KubeRequest = { method: "POST", path: "/api/v1/things", body: { metadata: { name: "written" } } };

/** One candidate. */
export interface Elector {
  leadership: Leadership | undefined;
  /** How it ended: runAsLeader's answer, or its error as text. */
  outcome: string | undefined;
  readonly stop: AbortController;
}

/** As Kubernetes' own controllers have them. */
export const kubernetesFigures = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

function untilStopped({ signal }: Leadership): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve());
    if (signal.aborted) {
      resolve();
    }
  });
}

/** Candidates for one lease. */
export class ElectionBed {
  readonly clock = new FakeClock();
  readonly api = new InMemoryApi();

  /** Starts one; `lead` unless told leads until told to stop. */
  elector(identity: string, { transport = this.api.client(), clock = this.clock, lead = untilStopped } = {}): Elector {
    const elector: Elector = { leadership: undefined, outcome: undefined, stop: new AbortController() };
    runAsLeader(
      {
        ...kubernetesFigures,
        transport,
        namespace: "ns",
        name: "elected",
        identity,
        clock,
        random: () => 0,
        log: createMemoryLog().log,
        signal: elector.stop.signal,
      },
      (leadership) => {
        elector.leadership = leadership;
        return lead(leadership);
      },
    ).then(
      (outcome) => {
        elector.outcome = outcome;
      },
      (error: unknown) => {
        elector.outcome = String(error);
      },
    );
    return elector;
  }

  get lease() {
    return parseLease(this.api.objects.get(leasePath)).record;
  }
}

/** A transport that can be cut, and then hangs as a dead network does. */
export function cuttable(api: InMemoryApi): {
  readonly state: { isCut: boolean };
  readonly transport: KubeTransport;
} {
  const state = { isCut: false };
  const hang = (): Promise<void> | void => (state.isCut ? new Promise<void>(() => undefined) : undefined);
  return { state, transport: api.client({ before: hang }) };
}
