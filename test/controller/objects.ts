// Objects for the controller's tests: small builders over the real parsers, so that defaults are the API's own.
import { type NodeNetworkConfig, parseNodeNetworkConfig } from "../../crds/node-network-config.ts";
import {
  type NodeNetworkProfile,
  type NodeNetworkProfileSpec,
  parseNodeNetworkProfile,
} from "../../crds/node-network-profile.ts";
import type { ObservedNode } from "../../operator/controller/node.ts";
import type { World } from "../../operator/controller/plan.ts";

type Json = Readonly<Record<string, unknown>>;

/** A config for all nodes unless `spec` says otherwise. */
export function config(name: string, spec: Json, more: { generation?: number; status?: Json } = {}): NodeNetworkConfig {
  return parseNodeNetworkConfig({
    metadata: { name, uid: `uid-${name}`, generation: more.generation ?? 1 },
    spec: { nodeSelector: {}, ...spec },
    status: more.status,
  });
}

/** A ready Linux node. */
export function node(name: string, over: Partial<ObservedNode> = {}): ObservedNode {
  return { name, uid: `uid-${name}`, labels: {}, isLinux: true, isReady: true, ...over };
}

/** A profile as the API server would store it after the controller has written it. */
export function profile(
  { name, uid }: Pick<ObservedNode, "name" | "uid">,
  spec: NodeNetworkProfileSpec,
  more: { readonly generation?: number; readonly status?: Json } = {},
): NodeNetworkProfile {
  return parseNodeNetworkProfile({
    metadata: {
      name,
      uid: `uid-profile-${name}`,
      generation: more.generation ?? 1,
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }],
    },
    spec,
    status: more.status,
  });
}

/** A profile's status after its agent has applied generation 1, changed by `over`. */
export function appliedStatus(over: Json = {}): Json {
  return { observedGeneration: 1, conditions: [condition("Applied", "True", "Applied", "all is applied")], ...over };
}

/** A condition of long standing. */
export function condition(type: string, status: "True" | "False" | "Unknown", reason: string, message: string): Json {
  return { type, status, reason, message, lastTransitionTime: "2026-11-22T11:00:00Z" };
}

/** A world of these objects. */
export function world(objects: {
  readonly configs?: readonly NodeNetworkConfig[];
  readonly nodes?: readonly ObservedNode[];
  readonly profiles?: readonly NodeNetworkProfile[];
  readonly held?: readonly string[];
}): World {
  return {
    configs: new Map((objects.configs ?? []).map((object) => [object.metadata.name, object])),
    nodes: new Map((objects.nodes ?? []).map((object) => [object.name, object])),
    profiles: new Map((objects.profiles ?? []).map((object) => [object.metadata.name, object])),
    held: new Set(objects.held ?? []),
  };
}
