// Who may write what, on a real API server: deploy/overlays/default as it is, with tokens as pods get them. Every refusal is read as
// the person meets it who has to find out why.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ApiRequest, ApiStatusError, sendApiRequest } from "../../deploy/local/api-request.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { type ControlPlane, startControlPlane } from "../../deploy/local/control-plane.ts";
import { createNamespace, nodeBoundToken, serviceAccountToken, writeNodeReady } from "../../deploy/local/nodes.ts";
import { allowed } from "./admission-allowed.ts";
import {
  applied,
  configs,
  event,
  mergePatch,
  nodePatch,
  profileSpec,
  profileStatus,
  profiles,
  uids,
} from "./admission-requests.ts";

const root = join(import.meta.dirname, "../..");
const namespace = "mqtap-system";

let controlPlane: ControlPlane;
const tokens = { admin: "", controller: "", agent1: "", agent2: "", unboundAgent: "", other: "" };
type Who = keyof typeof tokens;

const controllerAccount = { namespace, serviceAccount: "mqtap-controller" };
const agentAccount = { namespace, serviceAccount: "mqtap-agent" };

/** Sends a request as somebody; gives the status and what a person reads. */
async function ask(who: Who, request: ApiRequest): Promise<{ readonly status: number; readonly text: string }> {
  const { server, caFile } = controlPlane;
  try {
    const answer = await sendApiRequest({ server, ca: readFileSync(caFile, "utf8"), token: tokens[who] }, request);
    return { status: answer.status, text: JSON.stringify(answer.body) };
  } catch (error) {
    assert.ok(error instanceof ApiStatusError);
    return { status: error.status, text: error.message };
  }
}

before(async () => {
  controlPlane = await startControlPlane({ binDir: componentDirectory() });
  await createNamespace(controlPlane, "default");
  await controlPlane.kubectl(["apply", "-k", join(root, "deploy/overlays/default")]);
  await controlPlane.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
  for (const node of ["n1", "n2"]) {
    uids.set(node, (await writeNodeReady(controlPlane, node)).uid);
  }
  await createNamespace(controlPlane, "vms");
  tokens.admin = controlPlane.adminToken;
  tokens.controller = await serviceAccountToken(controlPlane, controllerAccount);
  tokens.agent1 = await nodeBoundToken(controlPlane, { ...agentAccount, node: "n1" });
  tokens.agent2 = await nodeBoundToken(controlPlane, { ...agentAccount, node: "n2" });
  tokens.unboundAgent = await serviceAccountToken(controlPlane, agentAccount);
  tokens.other = await serviceAccountToken(controlPlane, { namespace: "vms", serviceAccount: "default" });
  await untilPoliciesHold();
  for (const node of ["n1", "n2"]) {
    const made = await ask("controller", profileSpec(node, 4));
    assert.equal(made.status, 201, made.text);
  }
});

after(async () => {
  await controlPlane?.[Symbol.asyncDispose]();
});

/** The API server takes a moment to compile new policies, and to learn of new roles. */
async function untilPoliciesHold(): Promise<void> {
  const probes: readonly [Who, ApiRequest, number][] = [
    ["admin", { ...profileSpec("n1", 4), path: `${profileSpec("n1", 4).path}&dryRun=All` }, 403],
    ["unboundAgent", event(), 403],
    ["agent1", event(), 201],
    ["controller", { method: "GET", path: profiles }, 200],
    ["controller", nodePatch({ metadata: { annotations: { probe: "x" } } }), 403],
  ];
  for (const [who, request, wanted] of probes) {
    for (let tries = 0; (await ask(who, request)).status !== wanted; tries += 1) {
      assert.ok(
        tries < 300,
        `policies and roles hold: ${who} ${request.path} ${JSON.stringify(await ask(who, request))}`,
      );
      await delay(100);
    }
  }
}

const spec = { tuntap: { maxQueues: 256, enforcement: "BestEffort", onRemoval: "Restore" } };

describe("deploy refuses", () => {
  const refused: Readonly<Record<string, () => readonly [Who, ApiRequest, RegExp]>> = {
    "an agent that writes the status of another node's profile": () => [
      "agent1",
      profileStatus("n2"),
      /the mqtap agent of node \\"n1\\" may write the status of its own NodeNetworkProfile only, not of \\"n2\\"/,
    ],
    "an agent whose token is bound to no node": () => [
      "unboundAgent",
      profileStatus("n1"),
      /this token of an mqtap agent is bound to no node.*1\.32 or newer/,
    ],
    "an agent that applies a spec": () => ["agent1", profileSpec("n1", 256), /cannot patch resource/],
    "an agent that makes a profile": () => [
      "agent1",
      { method: "POST", path: profiles, body: profileSpec("n1", 4).body },
      /cannot create resource/,
    ],
    "an agent that deletes its profile": () => [
      "agent1",
      { method: "DELETE", path: `${profiles}/n1` },
      /cannot delete resource/,
    ],
    "an agent that lists profiles, even its own alone": () => [
      "agent1",
      { method: "GET", path: `${profiles}?fieldSelector=metadata.name%3Dn1` },
      /cannot list resource/,
    ],
    "an agent that reads configs": () => ["agent1", { method: "GET", path: configs }, /cannot list resource/],
    "an agent that reads nodes": () => ["agent1", { method: "GET", path: "/api/v1/nodes/n1" }, /cannot get resource/],
    "an agent that lists pods": () => ["agent1", { method: "GET", path: "/api/v1/pods" }, /cannot list resource/],
    "an agent that lists VMs": () => [
      "agent1",
      { method: "GET", path: "/apis/kubevirt.io/v1/virtualmachineinstances" },
      /cannot list resource/,
    ],
    "an agent that reads secrets": () => [
      "agent1",
      { method: "GET", path: "/api/v1/namespaces/vms/secrets/x" },
      /cannot get resource/,
    ],
    "an agent that makes itself a token": () => [
      "agent1",
      {
        method: "POST",
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/mqtap-controller/token`,
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
      },
      /cannot create resource/,
    ],
    "an agent's event in another node's name": () => [
      "agent2",
      event(),
      /an mqtap agent reports events as its own node \(reportingInstance \\"n2\\"\), not as \\"n1\\"/,
    ],
    "an agent's event in another component's name": () => [
      "agent1",
      event({ reportingController: "kubelet" }),
      /reportingController \\"mqtap-agent\\"/,
    ],
    "an agent's event on a thing it has nothing to do with": () => [
      "agent1",
      event({ regarding: { apiVersion: "v1", kind: "Node", name: "n1" } }, "default"),
      /on VirtualMachineInstances, their pods, and its own NodeNetworkProfile/,
    ],
    "an agent's event on another node's profile": () => [
      "agent1",
      event({ regarding: { apiVersion: "mqtap.io/v1alpha1", kind: "NodeNetworkProfile", name: "n2" } }, "default"),
      /its own NodeNetworkProfile/,
    ],
    "an administrator who edits a profile's spec": () => [
      "admin",
      { method: "PATCH", path: `${profiles}/n1`, contentType: mergePatch, body: { spec } },
      /the spec of NodeNetworkProfile \\"n1\\" is written by mqtap's controller alone: change the NodeNetworkConfigs/,
    ],
    "an administrator who makes a profile": () => [
      "admin",
      profileSpec("n3", 4),
      /a NodeNetworkProfile is made by mqtap's controller alone.*write a NodeNetworkConfig that selects the node instead/,
    ],
    "anyone else who edits a profile's spec": () => [
      "other",
      { method: "PATCH", path: `${profiles}/n1`, contentType: mergePatch, body: { spec } },
      /cannot patch resource/,
    ],
    "the controller that deletes a profile": () => [
      "controller",
      { method: "DELETE", path: `${profiles}/n1` },
      /cannot delete resource/,
    ],
    "the controller that writes a profile's status": () => ["controller", profileStatus("n1"), /cannot patch resource/],
    "the controller that edits a config's spec": () => [
      "controller",
      { method: "PATCH", path: `${configs}/c`, contentType: mergePatch, body: { spec: { priority: 7 } } },
      /cannot patch resource/,
    ],
    "the controller that sets another label on a node": () => [
      "controller",
      nodePatch({ metadata: { labels: { "node-role.kubernetes.io/control-plane": "" } } }),
      /may change only labels under mqtap\.io\/ on node \\"n1\\"/,
    ],
    "the controller that takes a label from a node": () => [
      "controller",
      nodePatch({ metadata: { labels: { "kubernetes.io/hostname": null } } }),
      /may change only labels under mqtap\.io\/ on node \\"n1\\"/,
    ],
    "the controller that changes a label of a look-alike domain": () => [
      "controller",
      nodePatch({ metadata: { labels: { "x.mqtap.io/max-queues": "4" } } }),
      /may change only labels under mqtap\.io\//,
    ],
    "the controller that taints a node": () => [
      "controller",
      nodePatch({ spec: { taints: [{ key: "x", effect: "NoExecute" }] } }),
      /no taint, annotation, finalizer or other field/,
    ],
    "the controller that annotates a node": () => [
      "controller",
      nodePatch({ metadata: { annotations: { a: "b" } } }),
      /no taint, annotation, finalizer or other field/,
    ],
    "the controller that keeps a node from being deleted": () => [
      "controller",
      nodePatch({ metadata: { finalizers: ["mqtap.io/stay"] } }),
      /no taint, annotation, finalizer or other field/,
    ],
    "the controller that writes a node's status": () => [
      "controller",
      { ...nodePatch({ status: { conditions: [] } }), path: "/api/v1/nodes/n1/status" },
      /cannot patch resource/,
    ],
    "the controller that takes another component's lease": () => [
      "controller",
      { method: "GET", path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/other` },
      /cannot get resource/,
    ],
    "the controller that takes a lease elsewhere": () => [
      "controller",
      {
        method: "POST",
        path: "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases",
        body: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "mqtap-controller" } },
      },
      /cannot create resource/,
    ],
  };
  for (const [sentence, make] of Object.entries(refused)) {
    test(sentence, async () => {
      const [who, request, words] = make();
      const { status, text } = await ask(who, request);
      assert.equal(status, 403, text);
      assert.match(text, words);
    });
  }

  test("a status that smuggles a spec in leaves the spec as it was", async () => {
    const before = await ask("admin", { method: "GET", path: `${profiles}/n1` });
    const answer = await ask("agent1", profileStatus("n1", { spec: { tuntap: { maxQueues: 256 } } }));
    const now = await ask("admin", { method: "GET", path: `${profiles}/n1` });
    const specOf = (text: string): unknown => JSON.parse(text).spec;
    assert.deepEqual(specOf(now.text), specOf(before.text), answer.text);
  });

  test("a node that is gone to be made anew by the label of the controller", async () => {
    const gone = applied(
      "/api/v1/nodes/gone",
      {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: "gone", uid: "11111111-2222-3333-4444-555555555555", labels: { "mqtap.io/max-queues": "4" } },
      },
      "mqtap-controller",
    );
    const { status, text } = await ask("controller", gone);
    assert.ok(status === 409 || status === 403, text);
    assert.equal((await ask("admin", { method: "GET", path: "/api/v1/nodes/gone" })).status, 404);
  });
});

describe("deploy lets", () => {
  for (const [sentence, make] of Object.entries(allowed)) {
    test(sentence, async () => {
      const { status, text } = await ask(...make());
      assert.ok(status < 300, text);
    });
  }
});
