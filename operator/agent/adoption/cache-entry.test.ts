import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseCacheEntry } from "./cache-entry.ts";

/** As libcni v1.3 writes it for a pod under containerd. */
const entry = {
  kind: "cniCacheV1",
  containerId: "0f1e2d3c4b5a",
  config: "eyJjbmlWZXJzaW9uIjoiMS4wLjAifQ==",
  ifName: "eth0",
  networkName: "k8s-pod-network",
  netns: "/var/run/netns/cni-0f1e2d3c",
  cniArgs: [
    ["IgnoreUnknown", "1"],
    ["K8S_POD_NAMESPACE", "shop"],
    ["K8S_POD_NAME", "virt-launcher-win-x7k2p"],
    ["K8S_POD_INFRA_CONTAINER_ID", "0f1e2d3c4b5a"],
    ["K8S_POD_UID", "p1"],
  ],
  capabilityArgs: {},
  result: { cniVersion: "1.0.0" },
};
const sandbox = {
  containerId: "0f1e2d3c4b5a",
  netns: "/var/run/netns/cni-0f1e2d3c",
  podNamespace: "shop",
  podName: "virt-launcher-win-x7k2p",
  podUid: "p1",
};
const withArgs = (...args: readonly (readonly unknown[])[]): object => ({ ...entry, cniArgs: args });
const named = ["K8S_POD_NAME", "virt-launcher-win-x7k2p"] as const;

describe("parseCacheEntry()", () => {
  test("reads a launcher's sandbox", () => {
    assert.deepEqual(parseCacheEntry(JSON.stringify(entry)), { kind: "launcher", sandbox });
  });

  test("does without the pod's uid", () => {
    const parsed = parseCacheEntry(JSON.stringify(withArgs(named, ["K8S_POD_NAMESPACE", "shop"])));
    assert.deepEqual(parsed, { kind: "launcher", sandbox: { ...sandbox, podUid: undefined } });
  });

  const others: Readonly<Record<string, object>> = {
    "a pod that is no launcher": withArgs(["K8S_POD_NAME", "web-0"], ["K8S_POD_NAMESPACE", "shop"]),
    "no pod at all": { ...entry, cniArgs: undefined },
    "cniArgs that are null": { ...entry, cniArgs: null },
    "a pod whose entry is otherwise odd": { ...withArgs(["K8S_POD_NAME", "web-0"]), netns: 7, containerId: "" },
  };
  for (const [what, document] of Object.entries(others)) {
    test(`passes over ${what}`, () => {
      assert.deepEqual(parseCacheEntry(JSON.stringify(document)), { kind: "other" });
    });
  }

  const namespace = ["K8S_POD_NAMESPACE", "shop"] as const;
  const wrong: Readonly<Record<string, readonly [document: unknown, why: RegExp]>> = {
    "an older or foreign kind": [{ ...entry, kind: "cniCacheV2" }, /kind is not "cniCacheV1"/],
    "a list": [[entry], /no JSON object/],
    "arguments that are no pairs": [withArgs(["K8S_POD_NAME"]), /no pairs of texts/],
    "arguments of three": [withArgs([...named, "more"]), /no pairs of texts/],
    "arguments that are numbers": [withArgs(["K8S_POD_NAME", 7]), /no pairs of texts/],
    "arguments that are an object": [{ ...entry, cniArgs: { K8S_POD_NAME: "virt-launcher-a" } }, /no pairs of texts/],
    "no network namespace": [{ ...entry, netns: undefined }, /names no network namespace.*too old/],
    "a relative network namespace": [{ ...entry, netns: "run/netns/a" }, /no absolute path/],
    "a network namespace with NUL": [{ ...entry, netns: "/run\0" }, /no absolute path/],
    "no container id": [{ ...entry, containerId: undefined }, /no containerId/],
    "a container id that is a path": [{ ...entry, containerId: "../x" }, /no containerId/],
    "no namespace": [withArgs(named), /names no pod/],
    "a pod's name that is a path": [withArgs(["K8S_POD_NAME", "virt-launcher-../../x"], namespace), /names no pod/],
  };
  for (const [what, [document, why]] of Object.entries(wrong)) {
    test(`says what is wrong with ${what}`, () => {
      const parsed = parseCacheEntry(JSON.stringify(document));
      assert.equal(parsed.kind, "unusable");
      assert.match(parsed.kind === "unusable" ? parsed.why : "", why);
    });
  }

  test("takes no half of an entry for a whole one", () => {
    const text = JSON.stringify(entry);
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), (length) => {
        assert.equal(parseCacheEntry(text.slice(0, length)).kind, "unusable");
      }),
    );
  });

  test("reads any text, and what it makes of it is safe to use", () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom("virt-launcher-a", "/run/netns/a", "cniCacheV1"));
    const pair = fc.tuple(fc.oneof(fc.constantFrom("K8S_POD_NAME", "K8S_POD_NAMESPACE", "K8S_POD_UID"), value), value);
    const document = fc.record(
      {
        kind: fc.oneof(fc.constant("cniCacheV1"), value),
        containerId: fc.oneof(fc.constant("c1"), fc.string(), value),
        netns: fc.oneof(
          fc.string().map((path) => `/${path}`),
          value,
        ),
        cniArgs: fc.oneof(fc.array(pair, { maxLength: 4 }), value),
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      document.map((found) => JSON.stringify(found)),
    );
    fc.assert(
      fc.property(text, (written) => {
        const parsed = parseCacheEntry(written);
        if (parsed.kind !== "launcher") return;
        assert.match(parsed.sandbox.netns, /^\/[^\0]*$/);
        assert.match(parsed.sandbox.podName, /^virt-launcher-[-a-z0-9.]*[a-z0-9]$/);
        assert.match(parsed.sandbox.podNamespace, /^[-a-z0-9.]+$/);
        assert.match(parsed.sandbox.containerId, /^[\w.-]+$/);
      }),
      { numRuns: 500 },
    );
  });
});
