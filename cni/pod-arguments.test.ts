import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CniError } from "./error.ts";
import { parsePodArguments } from "./pod-arguments.ts";

const pod = { podNamespace: "default", podName: "virt-launcher-a", podUid: "u1", mac: undefined };
const nobody = { podNamespace: undefined, podName: undefined, podUid: undefined, mac: undefined };

describe("parsePodArguments()", () => {
  const accepted: Record<string, { text: string; parsed: unknown }> = {
    nothing: { text: "", parsed: nobody },
    "containerd's pairs": {
      text: "K8S_POD_UID=u1;IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_NAME=virt-launcher-a",
      parsed: pod,
    },
    "Multus' pairs with an empty infra container id and a MAC": {
      text: "IgnoreUnknown=true;K8S_POD_NAMESPACE=default;K8S_POD_NAME=virt-launcher-a;K8S_POD_INFRA_CONTAINER_ID=;K8S_POD_UID=u1;MAC=02:00:00:00:00:01;IP=10.0.0.1,10.0.0.2",
      parsed: { ...pod, mac: "02:00:00:00:00:01" },
    },
    "unknown keys that are to be ignored": { text: "COLOUR=red;IgnoreUnknown=TRUE", parsed: nobody },
    "empty values as absent": { text: "K8S_POD_NAME=;MAC=;IgnoreUnknown=", parsed: nobody },
    "the last of two": { text: "K8S_POD_NAME=a;K8S_POD_NAME=b", parsed: { ...nobody, podName: "b" } },
  };
  for (const [what, { text, parsed }] of Object.entries(accepted)) {
    test(`takes ${what}`, () => assert.deepEqual(parsePodArguments(text), parsed));
  }

  const refused: Record<string, { text: string; message: RegExp }> = {
    "unknown keys": { text: "COLOUR=red;K8S_POD_NAME=a;SIZE=1", message: /unknown keys \[COLOUR,SIZE\]/ },
    "unknown keys with IgnoreUnknown=0": { text: "COLOUR=red;IgnoreUnknown=0", message: /unknown keys \[COLOUR\]/ },
    "keys of an object's prototype": { text: "__proto__=x;constructor=y", message: /\[__proto__,constructor\]/ },
    "a word": { text: "IgnoreUnknown=1;word", message: /"word" is not of the form KEY=VALUE/ },
    "two equal signs": { text: "IgnoreUnknown=1;A=b=c", message: /"A=b=c"/ },
    "no key": { text: "IgnoreUnknown=1;=b", message: /"=b"/ },
    "a trailing semicolon": { text: "K8S_POD_NAME=a;", message: /""/ },
    "an IgnoreUnknown that is neither": { text: "IgnoreUnknown=maybe", message: /IgnoreUnknown=maybe/ },
  };
  for (const [what, { text, message }] of Object.entries(refused)) {
    test(`refuses ${what}`, () => assert.throws(() => parsePodArguments(text), { code: 4, message }));
  }

  test("does not mind the order of pairs", () => {
    const pairs = [
      "IgnoreUnknown=1",
      "K8S_POD_NAMESPACE=default",
      "K8S_POD_NAME=virt-launcher-a",
      "K8S_POD_UID=u1",
      "X=y",
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(pairs, { minLength: pairs.length }), (shuffled) => {
        assert.deepEqual(parsePodArguments(shuffled.join(";")), pod);
      }),
    );
  });

  test("throws nothing but CniError", () => {
    const text = fc
      .array(fc.oneof(fc.string(), fc.constantFrom("=", ";", "MAC", "IgnoreUnknown=1")))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (input) => {
        try {
          parsePodArguments(input);
        } catch (error) {
          assert.ok(error instanceof CniError && error.code === 4);
        }
      }),
    );
  });
});
