import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CniError } from "../error.ts";
import { enforceIpamPolicy, mayRunIpam } from "./ipam-policy.ts";
import { defaultPolicy, permissivePolicy, policyPath } from "./policy.ts";

const open = { ...defaultPolicy, ipam: "any" } as const;
const data = { ...open, ipamPaths: ["/var/lib/cni/", "/run/./dhcp"] };
const local = { type: "host-local" };

describe("enforceIpamPolicy()", () => {
  const allowed: Record<string, { policy: typeof data | typeof permissivePolicy; document: Record<string, unknown> }> =
    {
      "no ipam": { policy: data, document: {} },
      "a type that is listed": { policy: { ...data, ipam: ["x"] } as never, document: { ipam: { type: "x" } } },
      "the directory itself": { policy: data, document: { ipam: { ...local, dataDir: "/var/lib/cni" } } },
      "a path under it": { policy: data, document: { ipam: { ...local, dataDir: "/var//lib/./cni/networks/" } } },
      "another directory of the list": {
        policy: data,
        document: { ipam: { type: "dhcp", daemonSocketPath: "/run/dhcp/x.sock" } },
      },
      "paths that are not set": { policy: data, document: { ipam: { ...local, dataDir: "", resolvConf: null } } },
      "addresses with their prefix": {
        policy: data,
        document: {
          ipam: { ...local, ranges: [[{ subnet: "10.0.0.0/24", gateway: "fd00::1" }]], dns: { search: ["."] } },
        },
      },
      "any path": { policy: permissivePolicy, document: { ipam: { ...local, dataDir: 5, x: "../.." } } },
    };
  for (const [what, { policy, document }] of Object.entries(allowed)) {
    test(`allows ${what}`, () => assert.doesNotThrow(() => enforceIpamPolicy(policy, document)));
  }

  const above = 'add a directory above it to "ipamPaths", or remove the field';
  const out = 'use a path without "..", or remove the field';
  const refused: Record<string, { ipam: unknown; key?: string; why: string }> = {
    "a directory beside": {
      ipam: { ...local, dataDir: "/var/lib/cni2" },
      why: `"ipam.dataDir": "/var/lib/cni2"@${above}`,
    },
    "a directory above": { ipam: { ...local, dataDir: "/var/lib" }, why: `"ipam.dataDir": "/var/lib"@${above}` },
    "a way out": {
      ipam: { ...local, dataDir: "/var/lib/cni/../x" },
      why: `"ipam.dataDir": "/var/lib/cni/../x"@${out}`,
    },
    "a relative path": {
      ipam: { ...local, resolvConf: "etc/shadow" },
      why: `"ipam.resolvConf": "etc/shadow"@${above}`,
    },
    "a key in another case": { ipam: { ...local, DATADIR: "/etc" }, why: `"ipam.DATADIR": "/etc"@${above}` },
    "Go's long s": { ipam: { ...local, "re\u017folvConf": "x" }, why: `"ipam.re\u017folvConf": "x"@${above}` },
    "Go's Kelvin sign": { ipam: { "daemonSoc\u212aetPath": "x" }, why: `"ipam.daemonSoc\u212aetPath": "x"@${above}` },
    "ipam in another case": {
      key: "IPAM",
      ipam: { ...local, dataDir: "/etc" },
      why: `"ipam.dataDir": "/etc"@${above}`,
    },
    "a path that is a number": {
      ipam: { ...local, dataDir: 5 },
      why: '"ipam.dataDir": 5@use a path, or remove the field',
    },
    "a path that is a list": {
      ipam: { ...local, dataDir: ["/etc"] },
      why: '"ipam.dataDir": an array@use a path, or remove the field',
    },
    "another plugin's path": {
      ipam: { type: "whereabouts", log_file: "/etc/x" },
      why: `"ipam.log_file": "/etc/x"@${above}`,
    },
    "a path deep inside": { ipam: { a: [{ b: { c: ["/etc"] } }] }, why: `"ipam.a.b.c": "/etc"@${above}` },
    "a way out deep inside": { ipam: { a: { b: "x/../../y" } }, why: `"ipam.a.b": "x/../../y"@${out}` },
    "a type that is a number": { ipam: { type: 5 }, why: '"ipam.type": 5@use the name of a plugin' },
  };
  for (const [what, { ipam, key = "ipam", why }] of Object.entries(refused)) {
    test(`refuses ${what}`, () => {
      const policy = { ...data, ipam: ["host-local", "whereabouts"] };
      const message = why.replace("@", ` is not allowed by ${policyPath}: `);
      assert.throws(() => enforceIpamPolicy(policy, { [key]: ipam }), { code: 109, message });
    });
  }

  test("counts every spelling of one key, as Go lays them over each other", () => {
    const document = { ipam: { type: "host-local", Type: "dhcp" } };
    assert.throws(() => enforceIpamPolicy(defaultPolicy, document), { code: 109 });
    const twice = { ipam: { type: "host-local", dataDir: "/etc" }, IPAM: { type: "host-local" } };
    assert.throws(() => enforceIpamPolicy(defaultPolicy, twice), { code: 109 });
  });

  test("is not exhausted by depth", () => {
    let value: unknown = "/etc";
    for (let depth = 0; depth < 100_000; depth++) value = [value];
    assert.throws(() => enforceIpamPolicy(defaultPolicy, { ipam: { x: value } }), { code: 109 });
  });

  test("throws nothing else, and lets no path out of its directories", () => {
    const step = fc.constantFrom("..", ".", "", "var", "lib", "cni", "x");
    const path = fc.tuple(fc.constantFrom("", "/"), fc.array(step)).map(([start, steps]) => start + steps.join("/"));
    const key = fc.constantFrom("dataDir", "RESOLVCONF", "x");
    fc.assert(
      fc.property(fc.dictionary(key, fc.oneof(path, fc.jsonValue())), (ipam) => {
        try {
          enforceIpamPolicy(data, { ipam });
        } catch (error) {
          assert.ok(error instanceof CniError && error.code === 109, String(error));
          return;
        }
        const { dataDir = "" } = ipam;
        if (dataDir === "" || dataDir === null) return;
        // The other way to say it: Node's own resolution stays where it is.
        assert.ok(typeof dataDir === "string");
        const { pathname } = new URL(`file://${dataDir}/`);
        assert.match(pathname.replaceAll(/\/+/g, "/"), /^\/(var\/lib\/cni|run\/dhcp)\//);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("mayRunIpam()", () => {
  test("says so, or tells the log why not", () => {
    const logged: string[] = [];
    const log = (level: string, message: string): void => void logged.push(`${level}: ${message}`);
    assert.equal(mayRunIpam(defaultPolicy, { ipam: local }, log), true);
    assert.equal(mayRunIpam(defaultPolicy, { ipam: { type: "dhcp" } }, log), false);
    assert.deepEqual(logged, [
      `warn: the IPAM plugin is not run: "ipam.type": "dhcp" is not allowed by ${policyPath}: add "dhcp" to "ipam", or use another plugin`,
    ]);
  });
});
