import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseNetConf } from "./config.ts";
import { resolveMode } from "./mode.ts";

const conf = (fields: Record<string, unknown>) => parseNetConf({ name: "net", type: "mqtap", ...fields });

describe("resolveMode()", () => {
  const binding = { args: { cni: { logicNetworkName: "blue" } } };
  const cases: Record<string, { fields: Record<string, unknown>; hasPrevResult: boolean; mode: string }> = {
    "static sizing is main": { fields: {}, hasPrevResult: false, mode: "main" },
    "static sizing is main in a chain, too": { fields: {}, hasPrevResult: true, mode: "main" },
    "vm sizing alone is main": { fields: { sizing: "vm" }, hasPrevResult: false, mode: "main" },
    "vm sizing in a chain is a companion": { fields: { sizing: "vm" }, hasPrevResult: true, mode: "companion" },
    "main may be insisted on in a chain": { fields: { sizing: "vm", mode: "main" }, hasPrevResult: true, mode: "main" },
    "a companion may be named": { fields: { sizing: "vm", mode: "companion" }, hasPrevResult: true, mode: "companion" },
    "a logic network makes a binding": { fields: { sizing: "vm", ...binding }, hasPrevResult: false, mode: "binding" },
    "a logic network makes a binding in a chain": {
      fields: { sizing: "vm", ...binding },
      hasPrevResult: true,
      mode: "binding",
    },
    "a companion's mac of the runtime is the pod interface's": {
      fields: { sizing: "vm", runtimeConfig: { mac: "02:00:00:00:00:01" } },
      hasPrevResult: true,
      mode: "companion",
    },
  };
  for (const [what, { fields, hasPrevResult, mode }] of Object.entries(cases)) {
    test(what, () => assert.equal(resolveMode(conf(fields), hasPrevResult), mode));
  }

  test("a companion needs a plugin before it", () => {
    assert.throws(() => resolveMode(conf({ sizing: "vm", mode: "companion" }), false), {
      code: 7,
      message: /no plugin ran before/,
    });
  });

  const fields = [
    { owner: 0 },
    { group: 0 },
    { mtu: 1400 },
    { bridge: "br0" },
    { mac: "02:00:00:00:00:01" },
    { selinuxContext: "system_u:system_r:container_t:s0" },
  ];
  for (const field of fields) {
    const [key, value] = Object.entries(field)[0] ?? [];
    test(`a companion and a binding refuse ${key} with key and value`, () => {
      const message = new RegExp(`"${key}": ${JSON.stringify(value)}`);
      assert.throws(() => resolveMode(conf({ sizing: "vm", ...field }), true), { code: 2, message });
      assert.throws(() => resolveMode(conf({ sizing: "vm", ...binding, ...field }), false), { code: 2, message });
    });
  }

  test("a network binding cannot be main", () => {
    assert.throws(() => conf({ sizing: "vm", mode: "main", ...binding }), { code: 7, message: /remove "mode"/ });
  });
});
