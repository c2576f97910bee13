// Writes the profile's status, and only when there is something new in it.

import { isDeepStrictEqual } from "node:util";
import { type NodeNetworkProfileStatus, parseNodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import { applyStatus } from "../kube/apply.ts";
import type { Clock } from "../kube/clock.ts";
import { isRecord } from "../kube/object-meta.ts";
import { isConflict, isNotFound, type KubeTransport, unknownFieldOf } from "../kube/transport.ts";
import { type ObservedProfile, profilePath } from "./observed-profile.ts";
import { withoutFields } from "./outdated-crds.ts";

/** The owner of the status' fields in server-side apply. */
export const agentFieldManager = "mqtap-agent";

export interface StatusReporterOptions {
  readonly transport: KubeTransport;
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  readonly signal: AbortSignal;
}

interface LastWrite {
  readonly uid: string;
  readonly ours: NodeNetworkProfileStatus;
  readonly stored: unknown;
  /** When it was written without what the CRD lacks, if it was. */
  readonly reducedAtMs: number | undefined;
}

const reducedForMs = 10 * 60_000;

export class StatusReporter {
  readonly #options: StatusReporterOptions;
  /** What we wrote last, and what the API server made of it. */
  #last: LastWrite | undefined;

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  /** The newest status of this profile: ours, which a watch may not have brought back yet, or the one observed. */
  latest(profile: ObservedProfile): NodeNetworkProfileStatus {
    return this.#last?.uid === profile.uid ? this.#last.ours : profile.status;
  }

  /** Returns whether it wrote. @throws when the API server could not be reached or refused. */
  async report(profile: ObservedProfile, status: NodeNetworkProfileStatus): Promise<boolean> {
    if (this.#isKnown(profile, status)) return false;
    const { clock } = this.#options;
    const { name, uid } = profile;
    try {
      const { body, isReduced } = await this.#write(name, uid, status);
      const stored = parseNodeNetworkProfileStatus(isRecord(body) ? body["status"] : undefined);
      this.#last = { uid, ours: status, stored, reducedAtMs: isReduced ? clock.monotonicMs() : undefined };
      return true;
    } catch (error) {
      // Gone, or gone and made anew: the watch will tell, and there is nothing to report to meanwhile.
      if (isNotFound(error) || isConflict(error)) return false;
      throw error;
    }
  }

  /** A status is written whole, or without what the cluster's CRD lacks. */
  async #write(name: string, uid: string, status: NodeNetworkProfileStatus) {
    const { transport, signal, clock } = this.#options;
    const path = profilePath(name);
    const lacking: string[] = [];
    while (true) {
      const written = lacking.length === 0 ? status : withoutFields(status, lacking, clock.now());
      const metadata = { name, uid };
      const object = { apiVersion: "mqtap.io/v1alpha1", kind: "NodeNetworkProfile", metadata, status: written };
      try {
        const body = await applyStatus({ transport, path, object, fieldManager: agentFieldManager, signal });
        return { body, isReduced: lacking.length > 0 };
      } catch (error) {
        const field = unknownFieldOf(error);
        if (field === undefined || lacking.includes(field)) throw error;
        lacking.push(field);
      }
    }
  }

  #isKnown(profile: ObservedProfile, status: NodeNetworkProfileStatus): boolean {
    if (isDeepStrictEqual(profile.status, status)) return true;
    const last = this.#last;
    const { reducedAtMs = Number.POSITIVE_INFINITY } = last ?? {};
    // The CRD may have been renewed meanwhile.
    if (this.#options.clock.monotonicMs() - reducedAtMs > reducedForMs) return false;
    return (
      last?.uid === profile.uid &&
      isDeepStrictEqual(last.ours, status) &&
      isDeepStrictEqual(last.stored, profile.status)
    );
  }
}
