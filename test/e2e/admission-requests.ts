// The requests that the admission tests send as this one and that one.
import type { ApiRequest } from "../../deploy/local/api-request.ts";

/** Collections. */
export const profiles = "/apis/mqtap.io/v1alpha1/nodenetworkprofiles";
export const configs = "/apis/mqtap.io/v1alpha1/nodenetworkconfigs";
/** The content type of a merge patch. */
export const mergePatch = "application/merge-patch+json";
/** The nodes' uids, once they are made. */
export const uids = new Map<string, string>();

/** A server-side apply. */
export function applied(path: string, object: object, manager: string): ApiRequest {
  return {
    method: "PATCH",
    path: `${path}?fieldManager=${manager}&force=true`,
    contentType: "application/apply-patch+yaml",
    body: object,
  };
}

/** What the controller writes. */
export function profileSpec(node: string, maxQueues: number): ApiRequest {
  return applied(
    `${profiles}/${node}`,
    {
      apiVersion: "mqtap.io/v1alpha1",
      kind: "NodeNetworkProfile",
      metadata: {
        name: node,
        ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node, uid: uids.get(node) ?? "uid" }],
      },
      spec: {
        tuntap: { maxQueues, enforcement: "BestEffort", onRemoval: "Restore" },
        sysctls: [],
        sources: [{ config: "c", keys: ["tuntap.maxQueues"], generation: 1 }],
        hash: `h${maxQueues}`,
      },
    },
    "mqtap-controller",
  );
}

/** What an agent writes. */
export function profileStatus(node: string, more: object = {}): ApiRequest {
  return applied(
    `${profiles}/${node}/status`,
    {
      apiVersion: "mqtap.io/v1alpha1",
      kind: "NodeNetworkProfile",
      metadata: { name: node },
      status: { observedGeneration: 1, appliedHash: "h4" },
      ...more,
    },
    "mqtap-agent",
  );
}

/** A change of node n1. */
export function nodePatch(patch: object): ApiRequest {
  return { method: "PATCH", path: "/api/v1/nodes/n1", contentType: mergePatch, body: patch };
}

/** An event of the agent of n1. */
export function event(over: object = {}, at = "vms"): ApiRequest {
  const regarding = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachineInstance", name: "vm", namespace: "vms" };
  return {
    method: "POST",
    path: `/apis/events.k8s.io/v1/namespaces/${at}/events`,
    body: {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { generateName: "vm-", namespace: at },
      eventTime: "2026-11-22T12:00:00.000000Z",
      reportingController: "mqtap-agent",
      reportingInstance: "n1",
      action: "PlanQueues",
      reason: "QueuesPlanned",
      type: "Normal",
      note: "8 -> 4",
      regarding,
      ...over,
    },
  };
}
