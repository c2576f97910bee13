// Writes the profile's status, and only when there is something new in it.

import { isDeepStrictEqual } from "node:util";
import { type NodeNetworkProfileStatus, parseNodeNetworkProfileStatus } from "../../crds/node-network-profile.ts";
import { applyStatus } from "../kube/apply.ts";
import { isRecord } from "../kube/object-meta.ts";
import { isConflict, isNotFound, type KubeTransport } from "../kube/transport.ts";
import { type ObservedProfile, profilePath } from "./observed-profile.ts";

/** The owner of the status' fields in server-side apply. */
export const agentFieldManager = "mqtap-agent";

export interface StatusReporterOptions {
  readonly transport: KubeTransport;
  readonly signal: AbortSignal;
}

export class StatusReporter {
  readonly #options: StatusReporterOptions;
  /** What we wrote last, and what the API server made of it. */
  #last: { readonly uid: string; readonly ours: NodeNetworkProfileStatus; readonly stored: unknown } | undefined;

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
    const { transport, signal } = this.#options;
    const { name, uid } = profile;
    const object = { apiVersion: "mqtap.io/v1alpha1", kind: "NodeNetworkProfile", metadata: { name, uid }, status };
    try {
      const path = profilePath(name);
      const body = await applyStatus({ transport, path, object, fieldManager: agentFieldManager, signal });
      const stored = parseNodeNetworkProfileStatus(isRecord(body) ? body["status"] : undefined);
      this.#last = { uid, ours: status, stored };
      return true;
    } catch (error) {
      // Gone, or gone and made anew: the watch will tell, and there is nothing to report to meanwhile.
      if (isNotFound(error) || isConflict(error)) return false;
      throw error;
    }
  }

  #isKnown(profile: ObservedProfile, status: NodeNetworkProfileStatus): boolean {
    if (isDeepStrictEqual(profile.status, status)) return true;
    const last = this.#last;
    return (
      last?.uid === profile.uid &&
      isDeepStrictEqual(last.ours, status) &&
      isDeepStrictEqual(last.stored, profile.status)
    );
  }
}
