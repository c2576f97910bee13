// The Lease object as leader election uses it: parse it, and say what to write. Pure, and without any comparison of times
// that another machine wrote: whether a lease has run out is judged by how long WE have seen it unchanged.
import { microTime } from "./micro-time.ts";
import { isRecord, parseObjectMeta } from "./object-meta.ts";

/** What a Lease says. */
export interface LeaseRecord {
  /** undefined: free. */
  readonly holder: string | undefined;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string | undefined;
  readonly renewTime: string | undefined;
  readonly transitions: number;
}

/** A Lease as read, kept whole so that writing it back loses nothing that others put there. */
export interface Lease {
  readonly object: Readonly<Record<string, unknown>>;
  readonly record: LeaseRecord;
}

/** When we saw a record for the first time, on our own monotonic clock. */
export interface Observation {
  readonly record: LeaseRecord;
  readonly atMs: number;
}

/** Parses a Lease leniently: a field of the wrong type counts as absent.
 * @throws TypeError when it is no API object. */
export function parseLease(body: unknown): Lease {
  parseObjectMeta(body);
  const object = isRecord(body) ? body : {};
  const spec = isRecord(object["spec"]) ? object["spec"] : {};
  const text = (name: string): string | undefined => {
    const value = spec[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const number = (name: string): number => {
    const value = spec[name];
    return typeof value === "number" ? value : 0;
  };
  return {
    object,
    record: {
      holder: text("holderIdentity"),
      leaseDurationSeconds: number("leaseDurationSeconds"),
      acquireTime: text("acquireTime"),
      renewTime: text("renewTime"),
      transitions: number("leaseTransitions"),
    },
  };
}

/** The observation after reading `record`: the old one as long as nothing in it changed. */
export function observe(last: Observation | undefined, record: LeaseRecord, nowMs: number): Observation {
  const isUnchanged = last !== undefined && JSON.stringify(last.record) === JSON.stringify(record);
  return isUnchanged ? last : { record, atMs: nowMs };
}

/** True when `identity` may write itself into the lease. */
export function mayTake({ record, atMs }: Observation, identity: string, nowMs: number): boolean {
  return (
    record.holder === undefined || record.holder === identity || nowMs >= atMs + record.leaseDurationSeconds * 1000
  );
}

/** The spec that makes or keeps `identity` the holder. */
export function heldSpec(
  record: LeaseRecord | undefined,
  wanted: { readonly identity: string; readonly leaseDurationMs: number; readonly now: Date },
) {
  const isRenewal = record?.holder === wanted.identity;
  const now = microTime(wanted.now);
  return {
    holderIdentity: wanted.identity,
    leaseDurationSeconds: Math.ceil(wanted.leaseDurationMs / 1000),
    acquireTime: isRenewal ? (record.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: record === undefined ? 0 : record.transitions + (isRenewal ? 0 : 1),
  };
}

/** The spec that gives the lease up, so that the next one need not wait. */
export function releasedSpec(record: LeaseRecord, now: Date) {
  return {
    leaseDurationSeconds: 1,
    acquireTime: microTime(now),
    renewTime: microTime(now),
    leaseTransitions: record.transitions,
  };
}
