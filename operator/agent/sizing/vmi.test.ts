import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MalformedObjectError } from "./json-reader.ts";
import { parseVmi } from "./vmi.ts";

function vcpusOf(domain: object): number {
  return parseVmi({ spec: { domain } }).vcpus;
}

for (const [sentence, { domain, vcpus }] of Object.entries({
  "a topology is multiplied": { domain: { cpu: { sockets: 2, cores: 4, threads: 1 } }, vcpus: 8 },
  "zero fields count as 1": { domain: { cpu: { sockets: 0, cores: 4, threads: 0 } }, vcpus: 4 },
  "missing fields count as 1": { domain: { cpu: { threads: 2 } }, vcpus: 2 },
  "maxSockets is not counted": { domain: { cpu: { sockets: 2, maxSockets: 8 } }, vcpus: 2 },
  "a topology beats resources": { domain: { cpu: { cores: 2 }, resources: { limits: { cpu: "9" } } }, vcpus: 2 },
  "nothing at all is one vCPU": { domain: {}, vcpus: 1 },
  "a model alone is no topology": { domain: { cpu: { model: "EPYC" } }, vcpus: 1 },
  "limits come first": { domain: { resources: { limits: { cpu: "3" }, requests: { cpu: "2" } } }, vcpus: 3 },
  "requests are rounded up": { domain: { resources: { requests: { cpu: "2200m" } } }, vcpus: 3 },
  "100m is one vCPU": { domain: { resources: { requests: { cpu: "100m" } } }, vcpus: 1 },
  "a number is a quantity": { domain: { resources: { limits: { cpu: 4 } } }, vcpus: 4 },
  "an exponent is a quantity": { domain: { resources: { limits: { cpu: "1e1" } } }, vcpus: 10 },
  "a limit of 0 is 0 sockets where no webhook has run": { domain: { resources: { limits: { cpu: "0" } } }, vcpus: 0 },
  "a limit of 0 as the webhook stores it is 1": {
    domain: { cpu: { sockets: 0, cores: 1, threads: 1 }, resources: { limits: { cpu: "0" } } },
    vcpus: 1,
  },
  "uint32 wraps as in KubeVirt": { domain: { cpu: { sockets: 65_536, cores: 65_536, threads: 1 } }, vcpus: 0 },
  "null is absence": { domain: { cpu: null, resources: { limits: null } }, vcpus: 1 },
})) {
  test(`parseVmi() counts vCPUs: ${sentence}`, () => assert.equal(vcpusOf(domain), vcpus));
}

test("parseVmi() reads what queues depend on, and no more", () => {
  const vmi = parseVmi({
    metadata: {
      namespace: "shop",
      name: "win",
      uid: "u1",
      annotations: { "mqtap.io/max-queues": "4", other: "x" },
    },
    spec: {
      domain: {
        cpu: { cores: 8 },
        devices: {
          networkInterfaceMultiqueue: true,
          interfaces: [
            { name: "default", masquerade: {} },
            { name: "blue", binding: { name: "mqtap" }, model: "e1000" },
            { name: "vf", sriov: {}, state: "absent" },
            { name: "p1", passt: {} },
            { name: "p2", passtBinding: {} },
            { name: "p3", binding: { name: "passt" } },
          ],
        },
      },
      networks: [
        { name: "default", pod: {} },
        { name: "blue", multus: { networkName: "blue" } },
        { name: "main", multus: { networkName: "m", default: true } },
      ],
    },
    status: {
      runtimeUser: 0,
      interfaces: [
        { name: "default", infoSource: "domain, guest-agent", queueCount: 3 },
        { name: "blue", infoSource: "guest-agent, multus-status", queueCount: 9 },
        { name: "vf", infoSource: "multus-status, domain" },
      ],
    },
  });
  assert.equal(vmi.runtimeUser, 0);
  assert.deepEqual([...vmi.annotations], [["mqtap.io/max-queues", "4"]]);
  assert.deepEqual(
    vmi.interfaces.map(({ binding, isVirtio, runningQueues, isAbsent }) => [
      binding.kind,
      isVirtio,
      runningQueues,
      isAbsent,
    ]),
    [
      ["core", true, 3, false],
      ["plugin", false, undefined, false],
      ["sriov", true, 0, true],
      ["passt", true, undefined, false],
      ["passt", true, undefined, false],
      ["passt", true, undefined, false],
    ],
  );
  assert.deepEqual(
    vmi.networks.map(({ isPrimary }) => isPrimary),
    [true, false, true],
  );
});

test("parseVmi() takes the launcher's user for 107 where KubeVirt has not said it yet", () => {
  assert.equal(parseVmi({}).runtimeUser, 107);
});

for (const [sentence, { vmi, user }] of Object.entries({
  "root where the status says 0": { vmi: { status: { runtimeUser: 0 } }, user: 0 },
  "107 whichever other user the status names": { vmi: { status: { runtimeUser: 1000 } }, user: 107 },
  "107 where KubeVirt's old annotation says non-root": {
    vmi: { metadata: { annotations: { "kubevirt.io/nonroot": "" } }, status: { runtimeUser: 0 } },
    user: 107,
  },
})) {
  test(`parseVmi() takes the launcher's user for ${sentence}`, () => assert.equal(parseVmi(vmi).runtimeUser, user));
}

for (const [sentence, vmi] of Object.entries({
  "a count that is text": { spec: { domain: { cpu: { cores: "4" } } } },
  "a negative count": { spec: { domain: { cpu: { cores: -1 } } } },
  "a fraction": { spec: { domain: { cpu: { cores: 1.5 } } } },
  "a quantity that is none": { spec: { domain: { resources: { limits: { cpu: "many" } } } } },
  "interfaces that are no list": { spec: { domain: { devices: { interfaces: {} } } } },
  "an interface that is no object": { spec: { domain: { devices: { interfaces: ["x"] } } } },
  "a flag that is text": { spec: { domain: { devices: { networkInterfaceMultiqueue: "true" } } } },
  "no object at all": [],
})) {
  test(`parseVmi() refuses ${sentence}`, () => assert.throws(() => parseVmi(vmi), MalformedObjectError));
}

test("parseVmi() throws nothing but MalformedObjectError, whatever the JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (metadata, domain, interfaces) => {
      try {
        parseVmi({ metadata, spec: { domain, networks: interfaces }, status: { interfaces } });
      } catch (error) {
        assert.ok(error instanceof MalformedObjectError, String(error));
      }
    }),
  );
});
