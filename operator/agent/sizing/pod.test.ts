import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedObjectError } from "./json-reader.ts";
import { hasHook, imageName, parsePod } from "./pod.ts";

const owner = {
  apiVersion: "kubevirt.io/v1",
  kind: "VirtualMachineInstance",
  name: "win",
  uid: "v1",
  controller: true,
};

for (const [image, name] of Object.entries({
  "mqtap-hook": "mqtap-hook",
  "mqtap-hook:v1": "mqtap-hook",
  "quay.io/mqtap/mqtap-hook@sha256:abcd": "mqtap-hook",
  "registry:5000/a/b/mqtap-hook:v1@sha256:abcd": "mqtap-hook",
  "registry:5000/other": "other",
  "": "",
})) {
  test(`imageName() of "${image}" is "${name}"`, () => assert.equal(imageName(image), name));
}

test("hasHook() looks at containers and init containers", () => {
  const at = (spec: object) => hasHook(parsePod({ spec }), ["mqtap-hook"]);
  assert.equal(at({ containers: [{ image: "compute" }, { image: "x/mqtap-hook:1" }] }), true);
  assert.equal(at({ initContainers: [{ image: "x/mqtap-hook:1" }], containers: [{}] }), true);
  assert.equal(at({ containers: [{ image: "x/mqtap-hook-not:1" }, { image: "mqtap-hook/compute" }] }), false);
  assert.equal(at({}), false);
});

for (const [sentence, { ownerReferences, vmi }] of Object.entries({
  "the controller is the VMI": { ownerReferences: [owner], vmi: { name: "win", uid: "v1" } },
  "a later version of the API is one too": {
    ownerReferences: [{ ...owner, apiVersion: "kubevirt.io/v2" }],
    vmi: { name: "win", uid: "v1" },
  },
  "an owner that is not the controller does not count": {
    ownerReferences: [{ ...owner, controller: false }],
    vmi: undefined,
  },
  "another group's kind of that name does not count": {
    ownerReferences: [{ ...owner, apiVersion: "example.org/v1" }],
    vmi: undefined,
  },
  "another kind does not count": { ownerReferences: [{ ...owner, kind: "Pod" }], vmi: undefined },
  "no owner is no VM": { ownerReferences: [], vmi: undefined },
})) {
  test(`parsePod() finds the VM by ownerReference: ${sentence}`, () => {
    assert.deepEqual(parsePod({ metadata: { ownerReferences } }).vmi, vmi);
  });
}

test("parsePod() believes labels only for what decides no ownership", () => {
  const pod = parsePod({
    metadata: {
      labels: { "kubevirt.io/created-by": "v1", "kubevirt.io/migrationJobUID": "m" },
      annotations: { "kubevirt.io/ephemeral-provisioning": "true", "kubevirt.io/domain": "win" },
    },
    status: { phase: "Running" },
  });
  assert.equal(pod.vmi, undefined);
  assert.equal(pod.isMigrationTarget, true);
  assert.equal(pod.isTemporary, true);
  assert.equal(pod.isRunning, true);
});

for (const [networks, hasOrdinalNames] of Object.entries({
  '[{"interface":"net1","name":"a"}]': true,
  '[{"interface":"pod16477688c0e","name":"a"},{"name":"b"}]': false,
  "a,b@net1": false,
  "[1]": false,
  "{}": false,
})) {
  test(`parsePod() sees ${hasOrdinalNames ? "ordinal" : "no ordinal"} names in ${networks}`, () => {
    const pod = parsePod({ metadata: { annotations: { "k8s.v1.cni.cncf.io/networks": networks } } });
    assert.equal(pod.hasOrdinalNames, hasOrdinalNames);
  });
}

test("parsePod() refuses an owner without uid", () => {
  const { uid: _, ...nameless } = owner;
  assert.throws(() => parsePod({ metadata: { ownerReferences: [nameless] } }), MalformedObjectError);
});

test("parsePod() knows the networks that have a binding of their own", () => {
  const networks = [
    { name: "blue-net", interface: "pod16477688c0e" },
    { name: "mqtap", "cni-args": { logicNetworkName: "blue" } },
    { name: "other", "cni-args": { x: "y" } },
  ];
  const annotated = (text: string) => parsePod({ metadata: { annotations: { "k8s.v1.cni.cncf.io/networks": text } } });
  assert.deepEqual(annotated(JSON.stringify(networks)).boundNetworks, ["blue"]);
  for (const text of ["", "a,b@net1", '[{"cni-args":"x"}]', "[5]"]) assert.deepEqual(annotated(text).boundNetworks, []);
});
