// One try at the Lease: read it unless we know it, and write ourselves in with optimistic concurrency. Two that try at once
// cannot both succeed, because the API server refuses the second write.
import type { Clock } from "./clock.ts";
import { heldSpec, type Lease, mayTake, type Observation, observe, parseLease, releasedSpec } from "./lease.ts";
import { isRecord } from "./object-meta.ts";
import { resourcePath } from "./resource-path.ts";
import { isConflict, isNotFound, type KubeTransport } from "./transport.ts";

/** Which Lease, for whom. */
export interface LeaseClientOptions {
  readonly transport: KubeTransport;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseDurationMs: number;
  /** Of one request. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** How a try ended: "held" by us, or by another, or free but somebody was faster. */
export type LeaseAttempt =
  | { readonly kind: "held" }
  | { readonly kind: "other"; readonly holder: string }
  | { readonly kind: "raced" };

/** Tries and gives up. */
export interface LeaseClient {
  /** Takes or renews the lease if we may. A write that is cut off may still have happened: give writeSignal only when
   * that does not matter. @throws what the transport throws. */
  attempt(signals: { readonly readSignal: AbortSignal; readonly writeSignal?: AbortSignal }): Promise<LeaseAttempt>;
  /** Gives the lease up if it is still ours. @throws what the transport throws. */
  release(): Promise<void>;
}

/** A client that remembers what it saw, and when. */
export function createLeaseClient(options: LeaseClientOptions): LeaseClient {
  const { transport, namespace, name, identity, leaseDurationMs, timeoutMs, clock } = options;
  const collection = resourcePath({ group: "coordination.k8s.io", version: "v1", plural: "leases", namespace });
  const path = `${collection}/${encodeURIComponent(name)}`;
  /** Known to be current: our own last write. */
  let mine: Lease | undefined;
  let observation: Observation | undefined;

  const read = async (signal?: AbortSignal): Promise<Lease | undefined> => {
    try {
      return parseLease((await transport.request({ method: "GET", path, timeoutMs, signal })).body);
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  };

  const write = async (lease: Lease | undefined, spec: object, signal?: AbortSignal): Promise<Lease> => {
    const { body } =
      lease === undefined
        ? await transport.request({
            method: "POST",
            path: collection,
            body: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name, namespace }, spec },
            timeoutMs,
            signal,
          })
        : // the resource version within the object makes the server refuse when someone else was faster
          await transport.request({ method: "PUT", path, body: { ...lease.object, spec }, timeoutMs, signal });
    return parseLease(body);
  };

  return {
    async attempt({ readSignal, writeSignal }) {
      const lease = mine ?? (await read(readSignal));
      mine = undefined;
      if (lease !== undefined) {
        observation = observe(observation, lease.record, clock.monotonicMs());
        if (!mayTake(observation, identity, clock.monotonicMs())) {
          return { kind: "other", holder: observation.record.holder ?? "" };
        }
      }
      const theirs = isRecord(lease?.object["spec"]) ? lease.object["spec"] : {};
      const spec = { ...theirs, ...heldSpec(lease?.record, { identity, leaseDurationMs, now: clock.now() }) };
      try {
        mine = await write(lease, spec, writeSignal);
      } catch (error) {
        if (isConflict(error)) {
          return { kind: "raced" };
        }
        throw error;
      }
      observation = observe(observation, mine.record, clock.monotonicMs());
      return { kind: "held" };
    },
    async release() {
      const lease = mine ?? (await read());
      mine = undefined;
      if (lease?.record.holder === identity) {
        await write(lease, releasedSpec(lease.record, clock.now()));
      }
    },
  };
}
