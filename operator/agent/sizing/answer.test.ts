import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { SizingAnswer, SizingRequest } from "../../../cni/sizing/protocol.ts";
import { nodeLimits, podObject, sizingRequest, vmiObject } from "../../../test/agent/objects.ts";
import { KubeApiError, KubeConnectionError } from "../../kube/transport.ts";
import { answerSizing, type SizingContext, type SizingOutcome } from "./answer.ts";
import type { NodeLimits } from "./caps.ts";
import { parsePod } from "./pod.ts";
import { parseVmi } from "./vmi.ts";

const limits = nodeLimits({ maxQueues: 4, maxQueuesSource: "NodeNetworkConfig/dense" });
const podJson = podObject();
const vmiJson = vmiObject({
  interfaces: [
    { name: "default", masquerade: {} },
    { name: "blue", binding: { name: "mqtap" } },
    { name: "odd", binding: { name: "acme" } },
    { name: "vf", sriov: {} },
    { name: "off", bridge: {}, state: "absent" },
  ],
  networks: [
    { name: "default", pod: {} },
    ...["blue", "odd", "vf", "off", "lone"].map((name) => ({ name, multus: { networkName: name } })),
  ],
});

interface Bed {
  readonly pod?: object | undefined;
  readonly vmi?: object | undefined;
  readonly limits?: NodeLimits | undefined;
  readonly failure?: Error;
}

function ask(part: Partial<SizingRequest>, bed: Bed = {}): Promise<SizingOutcome> {
  const { pod, vmi, limits: found, failure } = { pod: podJson, vmi: vmiJson, limits, ...bed };
  const given = <T>(value: T): Promise<T> => (failure === undefined ? Promise.resolve(value) : Promise.reject(failure));
  const context: SizingContext = {
    nodeName: "n1",
    hookImageNames: ["mqtap-hook"],
    managedTapBindings: ["mqtap"],
    cluster: {
      pod: async () => given(pod === undefined ? undefined : parsePod(pod)),
      vmi: async () => given(vmi === undefined ? undefined : parseVmi(vmi)),
    },
    limits: () => Promise.resolve(found),
    sha256Hex: (text) => createHash("sha256").update(text).digest("hex"),
  };
  return answerSizing(sizingRequest(part), context, AbortSignal.timeout(1000));
}

test("answerSizing() plans the companion tap of the pod network", async () => {
  const { answer, sized } = await ask({});
  assert.deepEqual(answer, {
    kind: "tap",
    queues: 4,
    owner: 107,
    group: 107,
    tapName: "tap0",
    why: '8 -> 4 on network "default": node limit 4 by NodeNetworkConfig/dense',
  } satisfies SizingAnswer);
  assert.equal(sized?.network, "default");
});

test("answerSizing() gives a root VM's tap to root", async () => {
  const { answer } = await ask({}, { vmi: { ...vmiJson, status: { runtimeUser: 0 } } });
  assert.ok(answer.kind === "tap" && answer.owner === 0 && answer.group === 0);
});

test("answerSizing() heeds the network's own maxQueues", async () => {
  const { answer } = await ask({ maxQueues: 3 });
  assert.ok(answer.kind === "tap" && answer.queues === 3);
});

test("answerSizing() makes no companion where the network's binding makes the tap", async () => {
  const networks = JSON.stringify([{ name: "mqtap", "cni-args": { logicNetworkName: "default" } }]);
  const annotations = { "k8s.v1.cni.cncf.io/networks": networks };
  const pod = { ...podJson, metadata: { ...podJson.metadata, annotations } };
  const { answer } = await ask({}, { pod });
  assert.deepEqual(answer, { kind: "none", why: 'the network binding of interface "default" makes its tap' });
  const bound = await ask({ mode: "binding", ifName: "net1", logicNetworkName: "default" }, { pod });
  assert.equal(bound.answer.kind, "tap");
});

test("answerSizing() knows a migration target by its pod's label, also while the VM's status is empty", async () => {
  const labels = { "kubevirt.io/migrationJobUID": "m1" };
  const { answer, sized } = await ask({}, { pod: { ...podJson, metadata: { ...podJson.metadata, labels } } });
  assert.ok(answer.kind === "tap" && answer.queues === 8);
  assert.deepEqual([sized?.decision.wished, sized?.decision.obstacle], [4, "migration-target"]);
  assert.match(answer.why, /^8 on network "default": advisory: migration target, so the node limit of 4 cannot be/);
});

const binding = { mode: "binding", ifName: "net1" } as const;
const other = { ...podJson, metadata: { ...podJson.metadata, ownerReferences: [] } };
const temporary = {
  ...podJson,
  metadata: { ...podJson.metadata, annotations: { "kubevirt.io/ephemeral-provisioning": "true" } },
};
const required: NodeLimits = { ...limits, enforcement: "Required" };

const table: Record<string, { asked: Promise<SizingOutcome>; kind: string; code?: number; says: string }> = {
  "a binding's network has its tap": {
    asked: ask({ ...binding, logicNetworkName: "blue" }),
    kind: "tap",
    says: 'network "blue"',
  },
  "another binding plugin on the binding NAD": {
    asked: ask({ ...binding, logicNetworkName: "odd" }),
    kind: "refused",
    code: 114,
    says: "--managed-tap-bindings",
  },
  "another binding plugin in a chain": {
    asked: ask({ ifName: `pod${createHash("sha256").update("odd").digest("hex").slice(0, 11)}` }),
    kind: "none",
    says: "acme",
  },
  "SR-IOV": { asked: ask({ ...binding, logicNetworkName: "vf" }), kind: "none", says: "SR-IOV" },
  "state absent": { asked: ask({ ...binding, logicNetworkName: "off" }), kind: "none", says: "absent" },
  "a network without interface": {
    asked: ask({ ...binding, logicNetworkName: "lone" }),
    kind: "refused",
    code: 113,
    says: '"default", "blue"',
  },
  "an unknown network": {
    asked: ask({ ...binding, logicNetworkName: "green" }),
    kind: "refused",
    code: 113,
    says: '"green"',
  },
  "a foreign interface in a chain": { asked: ask({ ifName: "istio0" }), kind: "none", says: "istio0" },
  "a foreign interface in main mode": {
    asked: ask({ mode: "main", ifName: "istio0" }),
    kind: "refused",
    code: 113,
    says: "istio0",
  },
  "a pod that does not exist": { asked: ask({}, { pod: undefined }), kind: "refused", code: 111, says: "not exist" },
  "a pod that has been replaced": { asked: ask({ podUid: "p0" }), kind: "refused", code: 111, says: '"p0"' },
  "a pod of another node": {
    asked: ask({}, { pod: { ...podJson, spec: { nodeName: "n2" } } }),
    kind: "refused",
    code: 111,
    says: '"n2"',
  },
  "an old runtime that gives no uid": { asked: ask({ podUid: undefined }), kind: "tap", says: "8 -> 4" },
  "a pod of no VM in a chain": { asked: ask({}, { pod: other }), kind: "none", says: "not controlled" },
  "a pod of no VM in main mode": {
    asked: ask({ mode: "main" }, { pod: other }),
    kind: "refused",
    code: 110,
    says: '"sizing": "static"',
  },
  "a temporary pod": { asked: ask({}, { pod: temporary }), kind: "none", says: "runs none" },
  "a VM that has gone": { asked: ask({}, { vmi: undefined }), kind: "refused", code: 112, says: "not exist" },
  "a VM of another uid": {
    asked: ask({}, { vmi: { ...vmiJson, metadata: { ...vmiJson.metadata, uid: "v2" } } }),
    kind: "refused",
    code: 112,
    says: '"v2"',
  },
  "a VM that cannot be read": {
    asked: ask({}, { vmi: { ...vmiJson, spec: { domain: { cpu: { cores: "8" } } } } }),
    kind: "refused",
    code: 116,
    says: "cores",
  },
  "enforcement Required above the limit": {
    asked: ask({}, { limits: required }),
    kind: "refused",
    code: 115,
    says: "Required",
  },
  "limits that are not known yet": { asked: ask({}, { limits: undefined }), kind: "retry", says: "not yet read" },
  "an API server that is down": {
    asked: ask({}, { failure: new KubeConnectionError("cannot reach https://a: ECONNREFUSED", "ECONNREFUSED") }),
    kind: "retry",
    says: "ECONNREFUSED",
  },
  "an API server that fails": {
    asked: ask({}, { failure: new KubeApiError({ status: 500, reason: "InternalError", message: "etcd is slow" }) }),
    kind: "retry",
    says: "etcd is slow",
  },
  "missing RBAC": {
    asked: ask({}, { failure: new KubeApiError({ status: 403, reason: "Forbidden", message: "no" }) }),
    kind: "retry",
    says: "RBAC",
  },
};

for (const [sentence, { asked, kind, code, says }] of Object.entries(table)) {
  test(`answerSizing() answers ${kind} for ${sentence}`, async () => {
    const { answer } = await asked;
    assert.equal(answer.kind, kind, answer.why);
    assert.equal(answer.kind === "refused" ? answer.code : undefined, code);
    assert.ok(answer.why.includes(says), answer.why);
  });
}

test("answerSizing() hands on what a refusal by enforcement is about, for its event", async () => {
  const { sized } = await ask({}, { limits: required });
  assert.equal(sized?.decision.kind, "refused");
});
