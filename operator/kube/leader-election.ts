// One leader among several replicas, by a Lease: campaign, lead once, and end. A process leads at most once; after a loss
// it exits and starts afresh, so nothing of an old leadership can live on.
import { openAbortScope } from "./abort-scope.ts";
import { type Clock, delay } from "./clock.ts";
import { fenceTransport, LeadershipLostError } from "./fenced-transport.ts";
import { createLeaseClient, type LeaseAttempt, type LeaseClient } from "./lease-client.ts";
import { describeError, type Log } from "./log.ts";
import type { KubeTransport } from "./transport.ts";

/** Which Lease, for whom, and how patient. Kubernetes' own figures are 15, 10 and 2 seconds. */
export interface LeaderElectionOptions {
  readonly transport: KubeTransport;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly clock: Clock;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Aborting it ends the leadership in order: lead() winds down, then the lease is released. */
  readonly signal: AbortSignal;
}

/** What the leader works with. */
export interface Leadership {
  /** Aborted when the lease is lost or the process is to stop: take up nothing new. */
  readonly signal: AbortSignal;
  /** Ends with the lease, and sends nothing once it has run out; still works while the leader winds down. */
  readonly transport: KubeTransport;
}

/** Campaigns, leads once, and ends. "lost": exit, whoever has the lease now goes on. "released": stopped in order, or lead()
 * has returned. What lead() throws is thrown on, with the lease released.
 * @throws RangeError when the figures cannot work. */
export async function runAsLeader(
  options: LeaderElectionOptions,
  lead: (leadership: Leadership) => Promise<void>,
): Promise<"released" | "lost"> {
  checkFigures(options);
  const { signal, clock, log, renewDeadlineMs } = options;
  const lease = createLeaseClient({ ...options, timeoutMs: renewDeadlineMs / 2 });
  const heldAtMs = await campaign(options, lease);
  if (heldAtMs === undefined) {
    return "released";
  }
  log.info("leading");

  const term = { deadlineMs: heldAtMs + renewDeadlineMs };
  const stop = new AbortController();
  const lost = new AbortController();
  const finished = new AbortController();
  const stopNow = (): void => stop.abort(signal.reason);
  signal.addEventListener("abort", stopNow, { once: true });
  if (signal.aborted) {
    stopNow();
  }
  const fenced = fenceTransport({
    transport: options.transport,
    clock,
    isLeading: () => clock.monotonicMs() < term.deadlineMs,
    signal: lost.signal,
  });
  const leading = lead({ signal: stop.signal, transport: fenced }).finally(() => finished.abort());
  leading.catch(() => undefined); // looked at below; until then, and after a loss, it ends as it may

  try {
    const isKept = await keepRenewing(options, lease, term, finished.signal);
    if (!isKept) {
      const error = new LeadershipLostError(`lost lease ${options.namespace}/${options.name}`);
      lost.abort(error);
      stop.abort(error);
      log.error("no longer leading: the lease was not renewed in time");
      return "lost";
    }
    await leading.finally(() => {
      lost.abort(new LeadershipLostError("the leader has stopped"));
      return release(options, lease);
    });
    return "released";
  } finally {
    signal.removeEventListener("abort", stopNow);
  }
}

/** Returns when the lease became ours (the time before the request was sent), or undefined when told to stop. */
async function campaign(options: LeaderElectionOptions, lease: LeaseClient): Promise<number | undefined> {
  const { clock, random, retryPeriodMs, signal, log } = options;
  let leader: string | undefined;
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    const attempt = await tryOnce(options, lease, { readSignal: signal });
    if (attempt?.kind === "held") {
      return startedMs; // also when told to stop meanwhile: then it is released in order
    }
    if (attempt?.kind === "other" && attempt.holder !== leader) {
      leader = attempt.holder;
      log.info("waiting for the lease", { leader });
    }
    await delay(clock, retryPeriodMs * (1 + random()), signal);
  }
  return undefined;
}

/** Renews until `finished`; false when the lease is another's or could not be renewed before the deadline. */
async function keepRenewing(
  options: LeaderElectionOptions,
  lease: LeaseClient,
  term: { deadlineMs: number },
  finished: AbortSignal,
): Promise<boolean> {
  const { clock, retryPeriodMs, renewDeadlineMs } = options;
  while (true) {
    await delay(clock, Math.min(retryPeriodMs, Math.max(0, term.deadlineMs - clock.monotonicMs())), finished);
    if (finished.aborted) {
      return true;
    }
    const startedMs = clock.monotonicMs();
    const leftMs = term.deadlineMs - startedMs;
    if (leftMs <= 0) {
      return false;
    }
    using scope = openAbortScope({ clock, parents: [], timeoutMs: Math.min(leftMs, renewDeadlineMs / 2) });
    const attempt = await tryOnce(options, lease, { readSignal: scope.signal, writeSignal: scope.signal });
    if (attempt?.kind === "held") {
      term.deadlineMs = startedMs + renewDeadlineMs;
    } else if (attempt?.kind === "other") {
      return false;
    }
  }
}

async function tryOnce(
  { log }: LeaderElectionOptions,
  lease: LeaseClient,
  signals: Parameters<LeaseClient["attempt"]>[0],
): Promise<LeaseAttempt | undefined> {
  try {
    return await lease.attempt(signals);
  } catch (error) {
    log.warn("cannot reach the lease, will retry", { error: describeError(error) });
    return undefined;
  }
}

async function release({ log }: LeaderElectionOptions, lease: LeaseClient): Promise<void> {
  try {
    await lease.release();
    log.info("lease released");
  } catch (error) {
    log.warn("cannot release the lease, it will run out", { error: describeError(error) });
  }
}

function checkFigures({ leaseDurationMs, renewDeadlineMs, retryPeriodMs, identity }: LeaderElectionOptions): void {
  if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs && retryPeriodMs > 0)) {
    throw new RangeError("cannot elect a leader: lease duration > renew deadline > retry period > 0 must hold");
  }
  if (identity === "") {
    throw new RangeError("cannot elect a leader: the identity is empty");
  }
}
