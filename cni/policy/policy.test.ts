import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CniError } from "../error.ts";
import { defaultPolicy, type Policy, parsePolicy } from "./policy.ts";

function parse(text: string): { readonly policy: Policy; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  return { policy: parsePolicy(text, (message) => warnings.push(message)), warnings };
}

describe("parsePolicy()", () => {
  const accepted: Record<string, { file: unknown; policy: Partial<Policy> }> = {
    "an empty object": { file: {}, policy: {} },
    "owners and groups": {
      file: { owners: [0, 107, 4294967294], groups: [5] },
      policy: { owners: [0, 107, 4294967294], groups: [5] },
    },
    "everything open": {
      file: { owners: "any", groups: "any", ipam: "any", ipamPaths: "any", selinuxContexts: "any" },
      policy: { owners: "any", groups: "any", ipam: "any", ipamPaths: "any", selinuxContexts: "any" },
    },
    "empty lists, which allow nothing": {
      file: { owners: [], groups: [], ipam: [], ipamPaths: [], selinuxContexts: [], netnsDirs: [] },
      policy: { owners: [], groups: [], ipam: [], ipamPaths: [], selinuxContexts: [], netnsDirs: [] },
    },
    "a value twice": { file: { owners: [5, 5] }, policy: { owners: [5, 5] } },
    "paths and labels": {
      file: { ipamPaths: ["/var/lib/cni"], selinuxContexts: ["system_u:system_r:spc_t:s0"], netnsDirs: ["/run/user"] },
      policy: {
        ipamPaths: ["/var/lib/cni"],
        selinuxContexts: ["system_u:system_r:spc_t:s0"],
        netnsDirs: ["/run/user"],
      },
    },
  };
  for (const [what, { file, policy }] of Object.entries(accepted)) {
    test(`takes ${what}, and the defaults for what is absent`, () => {
      assert.deepEqual(parse(JSON.stringify(file)), { policy: { ...defaultPolicy, ...policy }, warnings: [] });
    });
  }

  const ids = 'ids from 0 to 4294967294, or "any"';
  const refused: Record<string, { file: string; why: string }> = {
    "a negative user id": { file: '{"owners":[-1]}', why: `"owners": -1: use an array of user ${ids}` },
    "a user id that is none": {
      file: '{"owners":[107,4294967295]}',
      why: `"owners": 4294967295: use an array of user ${ids}`,
    },
    "a fraction": { file: '{"groups":[1.5]}', why: `"groups": 1.5: use an array of group ${ids}` },
    "an id as text": { file: '{"groups":["107"]}', why: `"groups": "107": use an array of group ${ids}` },
    "one id without its array": { file: '{"owners":107}', why: `"owners": 107: use an array of user ${ids}` },
    null: { file: '{"owners":null}', why: `"owners": null: use an array of user ${ids}` },
    "null in a list": { file: '{"owners":[null]}', why: `"owners": null: use an array of user ${ids}` },
    "any in another case": { file: '{"owners":"Any"}', why: `"owners": "Any": use an array of user ${ids}` },
    "any in a list": { file: '{"owners":["any"]}', why: `"owners": "any": use an array of user ${ids}` },
    "a path as a plugin": {
      file: '{"ipam":["../x"]}',
      why: '"ipam": "../x": use an array of names of IPAM plugins, or "any"',
    },
    "a plugin without name": {
      file: '{"ipam":[""]}',
      why: '"ipam": "": use an array of names of IPAM plugins, or "any"',
    },
    "a relative directory": {
      file: '{"ipamPaths":["var"]}',
      why: '"ipamPaths": "var": use an array of absolute directories without "..", or "any"',
    },
    "a directory that leads out": {
      file: '{"ipamPaths":["/var/../etc"]}',
      why: '"ipamPaths": "/var/../etc": use an array of absolute directories without "..", or "any"',
    },
    "a NUL": {
      file: '{"netnsDirs":["/run\\u0000"]}',
      why: '"netnsDirs": "/run\\u0000": use an array of absolute directories without ".."',
    },
    "any directory": {
      file: '{"netnsDirs":"any"}',
      why: '"netnsDirs": "any": use an array of absolute directories without ".."',
    },
    "a list as a label": {
      file: '{"selinuxContexts":[["x"]]}',
      why: '"selinuxContexts": an array: use an array of whole SELinux labels, or "any"',
    },
    "a list": { file: "[]", why: "it holds an array: make it an object" },
    "a word": { file: '"any"', why: 'it holds "any": make it an object' },
    "no value": { file: "null", why: "it holds null: make it an object" },
  };
  for (const [what, { file, why }] of Object.entries(refused)) {
    test(`refuses ${what}, with key, value and what is right`, () => {
      assert.throws(() => parse(file), { code: 108, message: `cannot use /etc/cni/mqtap/policy.json: ${why}` });
    });
  }

  for (const text of ["", "{", "{}x", '{"owners":[1,]}', "\uFEFF{}", "[".repeat(60_000)]) {
    test(`refuses ${JSON.stringify(text.slice(0, 20))}, which is not JSON`, () => {
      assert.throws(() => parse(text), {
        code: 108,
        message: /^cannot use .*policy\.json: it is not JSON.*: correct it$/s,
      });
    });
  }

  test("names keys that it does not know, and holds to the strict defaults", () => {
    const { policy, warnings } = parse('{"Owners":[0],"__proto__":{"groups":"any"},"constructor":1}');
    assert.deepEqual(policy, defaultPolicy);
    assert.deepEqual(warnings, [
      'ignoring "Owners", "__proto__", "constructor" in /etc/cni/mqtap/policy.json: it may have owners, groups, ipam, ' +
        "ipamPaths, selinuxContexts, netnsDirs, and what is absent has its default",
    ]);
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`k${at}`, 1]));
    assert.match(parse(JSON.stringify(many)).warnings[0] ?? "", /"k4" and 4 more in/);
  });

  test("reads back what it means", () => {
    const id = fc.integer({ min: 0, max: 0xffff_fffe });
    const name = fc.stringMatching(/^[a-z.]{1,8}$/);
    const directory = fc.array(fc.stringMatching(/^[a-z]{1,4}$/)).map((steps) => `/${steps.join("/")}`);
    const orAny = <T>(list: fc.Arbitrary<T[]>) => fc.oneof(list, fc.constant("any" as const));
    const policy = fc.record({
      owners: orAny(fc.array(id)),
      groups: orAny(fc.array(id)),
      ipam: orAny(fc.array(name)),
      ipamPaths: orAny(fc.array(directory)),
      selinuxContexts: orAny(fc.array(name)),
      netnsDirs: fc.array(directory),
    });
    fc.assert(
      fc.property(
        policy.map((fields) => ({ ...fields })),
        (each) => assert.deepEqual(parse(JSON.stringify(each)), { policy: each, warnings: [] }),
      ),
    );
  });

  test("throws nothing but its own error, and lets nothing of another type through", () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom("any", [107], ["host-local"], ["/run"], [-1], ["a/.."]));
    const file = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(fc.constantFrom(...Object.keys(defaultPolicy)), value).map((each) => JSON.stringify(each)),
    );
    fc.assert(
      fc.property(file, (text) => {
        let policy: Policy;
        try {
          policy = parse(text).policy;
        } catch (error) {
          assert.ok(error instanceof CniError && error.code === 108, String(error));
          return;
        }
        const { owners, groups, netnsDirs, ...texts } = policy;
        for (const list of [owners, groups])
          assert.ok(list === "any" || list.every((id) => Number.isInteger(id) && id >= 0));
        for (const list of [netnsDirs, ...Object.values(texts)]) {
          assert.ok(list === "any" || list.every((each) => typeof each === "string"));
        }
        for (const directory of netnsDirs) assert.match(directory, /^\//);
      }),
      { numRuns: 2000 },
    );
  });
});
