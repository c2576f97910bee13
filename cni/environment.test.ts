import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseEnvironment, type Variables } from "./environment.ts";
import { CniError } from "./error.ts";

const complete = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/c1",
  CNI_IFNAME: "eth0",
  CNI_ARGS: "IgnoreUnknown=1",
  CNI_PATH: "/opt/cni/bin",
};

describe("parseEnvironment()", () => {
  test("takes a complete environment", () => {
    assert.deepEqual(parseEnvironment(complete), {
      command: "ADD",
      containerId: "c1",
      netns: "/run/netns/c1",
      ifName: "eth0",
      args: "IgnoreUnknown=1",
      path: "/opt/cni/bin",
      isOwnNamespaceAllowed: false,
    });
  });

  for (const value of ["1", "true", "TRUE"]) {
    test(`takes CNI_NETNS_OVERRIDE=${value} as insisting`, () => {
      assert.equal(parseEnvironment({ ...complete, CNI_NETNS_OVERRIDE: value }).isOwnNamespaceAllowed, true);
    });
  }

  const faults: Record<string, { change: Variables; message: RegExp }> = {
    "no command": { change: { CNI_COMMAND: "" }, message: /^required env variables \[CNI_COMMAND\] missing$/ },
    "all that is missing, in order": {
      change: { CNI_CONTAINERID: "", CNI_NETNS: undefined, CNI_IFNAME: "", CNI_PATH: "" },
      message: /^required env variables \[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH\] missing$/,
    },
    "a path as container id": {
      change: { CNI_CONTAINERID: "../x" },
      message: /^invalid CNI_CONTAINERID "..\/x": it may/,
    },
    "a container id with a newline": { change: { CNI_CONTAINERID: "c1\n" }, message: /^invalid CNI_CONTAINERID/ },
    "a long interface name": { change: { CNI_IFNAME: "0123456789abcdef" }, message: /^invalid CNI_IFNAME .*15 bytes/ },
    "the invalid before the missing": {
      change: { CNI_CONTAINERID: "", CNI_IFNAME: "a/b", CNI_PATH: "" },
      message: /^invalid CNI_IFNAME "a\/b"/,
    },
    "CHECK without a namespace": { change: { CNI_COMMAND: "CHECK", CNI_NETNS: "" }, message: /\[CNI_NETNS\]/ },
    "DEL without a path": { change: { CNI_COMMAND: "DEL", CNI_PATH: "" }, message: /\[CNI_PATH\]/ },
    "GC without a path": { change: { CNI_COMMAND: "GC", CNI_PATH: "" }, message: /\[CNI_PATH\]/ },
    "STATUS without a path": { change: { CNI_COMMAND: "STATUS", CNI_PATH: "" }, message: /\[CNI_PATH\]/ },
  };
  for (const [what, { change, message }] of Object.entries(faults)) {
    test(`refuses with code 4: ${what}`, () => {
      assert.throws(() => parseEnvironment({ ...complete, ...change }), { code: 4, message });
    });
  }

  const accepted: Record<string, Variables> = {
    "DEL without a namespace": { ...complete, CNI_COMMAND: "DEL", CNI_NETNS: "" },
    "VERSION with nothing else": { CNI_COMMAND: "VERSION" },
    "GC with a container id that is none": { CNI_COMMAND: "GC", CNI_PATH: "/x", CNI_CONTAINERID: "../x" },
    "STATUS with empty variables": { CNI_COMMAND: "STATUS", CNI_PATH: "/x", CNI_CONTAINERID: "", CNI_IFNAME: "" },
    "an unknown command, which is told after stdin was read": { CNI_COMMAND: "add" },
  };
  for (const [what, variables] of Object.entries(accepted)) {
    test(`takes ${what}`, () => {
      assert.equal(parseEnvironment(variables).command, variables["CNI_COMMAND"]);
    });
  }

  test("throws nothing but CniError", () => {
    const value = fc.option(fc.oneof(fc.string(), fc.constantFrom("ADD", "DEL", "c1", "eth0")), { nil: undefined });
    const variables = fc.dictionary(fc.constantFrom(...Object.keys(complete), "CNI_NETNS_OVERRIDE"), value);
    fc.assert(
      fc.property(variables, (input) => {
        try {
          parseEnvironment(input);
        } catch (error) {
          assert.ok(error instanceof CniError && error.code === 4);
        }
      }),
    );
  });
});
