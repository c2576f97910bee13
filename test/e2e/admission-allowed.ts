// What the installation lets each one do, in the order of the admission test: the last one deletes.
import type { ApiRequest } from "../../deploy/local/api-request.ts";
import { applied, event, mergePatch, profileSpec, profileStatus, profiles, uids } from "./admission-requests.ts";

const namespace = "mqtap-system";

/** By sentence: who sends what. */
export const allowed: Readonly<Record<string, () => readonly ["admin" | "controller" | "agent1", ApiRequest]>> = {
  "an agent report on its own node": () => ["agent1", profileStatus("n1")],
  "an agent read its own profile": () => ["agent1", { method: "GET", path: `${profiles}/n1` }],
  "an agent write an event on a VM": () => ["agent1", event()],
  "an agent write an event on its own profile": () => [
    "agent1",
    event({ regarding: { apiVersion: "mqtap.io/v1alpha1", kind: "NodeNetworkProfile", name: "n1" } }, "default"),
  ],
  "the controller write a spec": () => ["controller", profileSpec("n1", 2)],
  "the controller label a node": () => [
    "controller",
    applied(
      "/api/v1/nodes/n1",
      {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: "n1", uid: uids.get("n1"), labels: { "mqtap.io/max-queues": "2" } },
      },
      "mqtap-controller",
    ),
  ],
  "the controller make its lease": () => [
    "controller",
    {
      method: "POST",
      path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
      body: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "mqtap-controller" } },
    },
  ],
  "the controller read its lease": () => [
    "controller",
    { method: "GET", path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/mqtap-controller` },
  ],
  "the controller write an event on a config": () => [
    "controller",
    event({ reportingController: "mqtap-controller", reportingInstance: "c-0" }, "default"),
  ],
  "an administrator label a profile": () => [
    "admin",
    {
      method: "PATCH",
      path: `${profiles}/n1`,
      contentType: mergePatch,
      body: { metadata: { labels: { watched: "yes" } } },
    },
  ],
  "an administrator delete a profile": () => ["admin", { method: "DELETE", path: `${profiles}/n2` }],
};
