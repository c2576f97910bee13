// This node's own NodeNetworkProfile as the agent sees it. A spec that this agent cannot read is not ignored: it is
// carried along, so that the status can say so.

import {
  type NodeNetworkProfileSpec,
  type NodeNetworkProfileStatus,
  parseNodeNetworkProfile,
  parseNodeNetworkProfileStatus,
} from "../../crds/node-network-profile.ts";
import { InvalidResourceError } from "../../crds/resource.ts";
import type { ObjectReference } from "../kube/events.ts";
import { isRecord, parseObjectMeta } from "../kube/object-meta.ts";
import { resourcePath } from "../kube/resource-path.ts";

export interface ObservedProfile {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** A text says why the spec cannot be read. */
  readonly spec: NodeNetworkProfileSpec | string;
  readonly status: NodeNetworkProfileStatus;
}

const address = { group: "mqtap.io", version: "v1alpha1", plural: "nodenetworkprofiles" } as const;

/** The collection, to be watched with a field selector on the node's name. */
export const profilesPath = resourcePath(address);

export function profilePath(nodeName: string): string {
  return resourcePath({ ...address, name: nodeName });
}

/** For events about it. */
export function profileReference(name: string, uid: string | undefined): ObjectReference {
  return { apiVersion: "mqtap.io/v1alpha1", kind: "NodeNetworkProfile", name, uid };
}

/** @throws TypeError when it is no API object at all. */
export function observeProfile(object: unknown): ObservedProfile {
  const { name, uid, generation } = parseObjectMeta(object);
  const rawStatus = isRecord(object) ? object["status"] : undefined;
  try {
    const { spec, status } = parseNodeNetworkProfile(object);
    return { name, uid, generation, spec, status };
  } catch (error) {
    if (!(error instanceof InvalidResourceError)) throw error;
    return { name, uid, generation, spec: error.message, status: parseNodeNetworkProfileStatus(rawStatus) };
  }
}
