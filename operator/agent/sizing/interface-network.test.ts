import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { findNetwork, type InterfaceNetwork, type InterfaceQuestion } from "./interface-network.ts";
import { parseVmi } from "./vmi.ts";

const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");

const networks = [
  { name: "blue", multus: { networkName: "blue" } },
  { name: "default", pod: {} },
  { name: "red", multus: { networkName: "red" } },
];
const vmi = parseVmi({ spec: { networks } });
const onlySecondary = parseVmi({ spec: { networks: [networks[0]] } });

const ask = (part: Partial<InterfaceQuestion>): InterfaceQuestion => ({
  mode: "companion",
  ifName: "eth0",
  logicNetworkName: undefined,
  hasOrdinalNames: false,
  ...part,
});
const found = (network: string, tapName: string): InterfaceNetwork => ({ kind: "found", network, tapName });

for (const [sentence, { question, answer }] of Object.entries({
  "eth0 is the pod network's": { question: ask({}), answer: found("default", "tap0") },
  // KubeVirt's own example: network "blue" is pod16477688c0e.
  "pod<hash> is the network of that hash": {
    question: ask({ ifName: "pod16477688c0e" }),
    answer: found("blue", "tap16477688c0e"),
  },
  "net2 is the second secondary network": { question: ask({ ifName: "net2" }), answer: found("red", "tap2") },
  "net3 is unknown where there are two": { question: ask({ ifName: "net3" }), answer: { kind: "unknown" } },
  "net0 is no ordinal name": { question: ask({ ifName: "net0" }), answer: { kind: "foreign" } },
  "a hash of no network is unknown": { question: ask({ ifName: "pod00000000000" }), answer: { kind: "unknown" } },
  "another name is foreign": { question: ask({ ifName: "istio0" }), answer: { kind: "foreign" } },
  "a named network beats the interface's name": {
    question: ask({ mode: "binding", ifName: "net7", logicNetworkName: "blue" }),
    answer: found("blue", "tap16477688c0e"),
  },
  "a named primary network has tap0": {
    question: ask({ mode: "binding", ifName: "net7", logicNetworkName: "default" }),
    answer: found("default", "tap0"),
  },
  "a named network has an ordinal tap in an old launcher": {
    question: ask({ mode: "binding", ifName: "net7", logicNetworkName: "red", hasOrdinalNames: true }),
    answer: found("red", "tap2"),
  },
  "a named network the VM has not is unknown": {
    question: ask({ mode: "binding", ifName: "net7", logicNetworkName: "green" }),
    answer: { kind: "unknown" },
  },
  "in main mode the tap is the interface": {
    question: ask({ mode: "main", ifName: "pod16477688c0e" }),
    answer: found("blue", "pod16477688c0e"),
  },
})) {
  test(`findNetwork(): ${sentence}`, () => assert.deepEqual(findNetwork(vmi, question, sha256Hex), answer));
}

test("findNetwork(): eth0 is foreign to a VM without a primary network", () => {
  assert.deepEqual(findNetwork(onlySecondary, ask({}), sha256Hex), { kind: "foreign" });
});
