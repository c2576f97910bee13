import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseEnvelope, parseNetConf, parseVersion } from "./config.ts";
import { CniError } from "./error.ts";
import { isJsonObject } from "./json-object.ts";

const parse = (text: string) => parseNetConf(parseEnvelope(text).document);
const conf = (fields: Record<string, unknown>) => parseNetConf({ name: "net", type: "mqtap", ...fields });

describe("parseEnvelope()", () => {
  const refused: Record<string, { text: string; code: number; message: RegExp }> = {
    nothing: { text: "", code: 6, message: /not JSON/ },
    "half a document": { text: '{"name":"net"', code: 6, message: /not JSON/ },
    "two documents": { text: '{"name":"net"}{"name":"net"}', code: 6, message: /not JSON/ },
    "an array": { text: "[]", code: 6, message: /not a JSON object/ },
    "a number": { text: "5", code: 6, message: /not a JSON object/ },
    "null, Go's empty configuration": { text: "null", code: 7, message: /missing network name/ },
    "no name": { text: "{}", code: 7, message: /missing network name/ },
    "an empty name": { text: '{"name":""}', code: 7, message: /missing network name/ },
    "a name that is a number": { text: '{"name":5}', code: 6, message: /"name": 5/ },
    "a path as name": { text: '{"name":"../x"}', code: 7, message: /invalid "name": "..\/x"/ },
    "a name with a newline": { text: '{"name":"x\\n"}', code: 7, message: /invalid "name"/ },
    "a name on the prototype": { text: '{"__proto__":{"name":"x"}}', code: 7, message: /missing network name/ },
    "endless nesting": { text: "[".repeat(200_000), code: 6, message: /not JSON/ },
  };
  for (const [what, { text, code, message }] of Object.entries(refused)) {
    test(`refuses ${what}`, () => assert.throws(() => parseEnvelope(text), { code, message }));
  }

  test("takes a name in Go's spellings", () => {
    assert.equal(parseEnvelope('{"Name":"a_b-c.9"}').network, "a_b-c.9");
  });
});

describe("parseVersion()", () => {
  test("takes an absent, empty or null version as 0.1.0", () => {
    for (const document of [{}, { cniVersion: "" }, { cniVersion: null }])
      assert.equal(parseVersion(document), "0.1.0");
  });

  test("refuses other versions with code 1 and says what there is", () => {
    for (const cniVersion of ["0.0.9", "1.2.0", "2.0.0", "1.1", "x"]) {
      assert.throws(() => parseVersion({ cniVersion }), {
        code: 1,
        message: "incompatible CNI versions",
        details: `config is "${cniVersion}", plugin supports ["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]`,
      });
    }
  });

  test("refuses a version that is no string with code 6", () => {
    assert.throws(() => parseVersion({ cniVersion: 1 }), { code: 6, message: /"cniVersion": 1/ });
  });
});

describe("parseNetConf()", () => {
  const nothing = {
    sizing: "static",
    mode: undefined,
    multiQueue: undefined,
    queues: undefined,
    maxQueues: undefined,
    qdisc: "noqueue",
    mtuBytes: undefined,
    macs: { runtimeConfig: undefined, args: undefined, config: undefined },
    owner: undefined,
    group: undefined,
    bridge: undefined,
    selinuxContext: undefined,
    ipamType: undefined,
    dns: undefined,
    logicNetworkName: undefined,
  };

  test("takes a bare configuration", () => assert.deepEqual(conf({}), nothing));

  test("takes every field of the reference plugin", () => {
    const parsed = conf({
      multiQueue: true,
      mtu: 9000,
      mac: "02-00-00-00-00-0A",
      owner: 0,
      group: 4294967294,
      selinuxContext: "system_u:system_r:container_t:s0:c1,c2",
      bridge: "br0",
      ipam: { type: "host-local" },
      dns: { nameservers: ["10.0.0.1"], domain: "x", search: ["y"], options: [] },
      runtimeConfig: { mac: "02:00:00:00:00:0b" },
      args: { cni: { mac: "0200.0000.000c" } },
    });
    assert.deepEqual(parsed, {
      ...nothing,
      multiQueue: true,
      mtuBytes: 9000,
      macs: { runtimeConfig: "02:00:00:00:00:0b", args: "02:00:00:00:00:0c", config: "02:00:00:00:00:0a" },
      owner: 0,
      group: 4294967294,
      bridge: "br0",
      selinuxContext: "system_u:system_r:container_t:s0:c1,c2",
      ipamType: "host-local",
      dns: { nameservers: ["10.0.0.1"], domain: "x", search: ["y"] },
    });
  });

  test("takes mqtap's own fields", () => {
    const parsed = conf({ sizing: "vm", mode: "main", maxQueues: 8, qdisc: "default" });
    assert.deepEqual(parsed, { ...nothing, sizing: "vm", mode: "main", maxQueues: 8, qdisc: "default" });
  });

  test("takes the network of a binding", () => {
    assert.equal(conf({ sizing: "vm", args: { cni: { logicNetworkName: "blue" } } }).logicNetworkName, "blue");
  });

  test("takes keys in any case, as Go does", () => {
    assert.equal(parse('{"name":"n","multiqueue":true,"Mtu":1400}').multiQueue, true);
    assert.equal(parse('{"name":"n","multiqueue":true,"Mtu":1400}').mtuBytes, 1400);
  });

  test("takes null and Go's zero values as absent", () => {
    const zero = { mtu: 0, mac: "", bridge: "", owner: null, dns: null, args: null, ipam: { type: "" }, sizing: "" };
    assert.deepEqual(conf(zero), nothing);
  });

  test("does not mind keys it does not know, reserved ones included", () => {
    const unknown = { colour: "red", capabilities: { mac: true }, "cni.dev/valid-attachments": [], runtimeConfig: {} };
    assert.deepEqual(conf(unknown), nothing);
  });

  test("reads own properties only", () => {
    assert.deepEqual(parse('{"name":"n","__proto__":{"mtu":1400,"queues":8}}'), nothing);
  });

  const refused: Record<string, { fields: Record<string, unknown>; code?: number; message: string }> = {
    "a count as multiQueue": {
      fields: { multiQueue: 4 },
      message: 'invalid "multiQueue": 4: use true or false, or set "queues" for a number',
    },
    "no queues": { fields: { queues: 0 }, message: 'invalid "queues": 0: use an integer from 1 to 256' },
    "257 queues": { fields: { queues: 257 }, message: 'invalid "queues": 257: use an integer from 1 to 256' },
    "half a queue": { fields: { queues: 1.5 }, message: 'invalid "queues": 1.5: use an integer from 1 to 256' },
    "queues as text": { fields: { queues: "4" }, message: 'invalid "queues": "4": use an integer from 1 to 256' },
    "a small mtu": { fields: { mtu: 67 }, message: 'invalid "mtu": 67: use an integer from 68 to 65521' },
    "a large mtu": { fields: { mtu: 65522 }, message: 'invalid "mtu": 65522: use an integer from 68 to 65521' },
    "a negative owner": { fields: { owner: -1 }, message: 'invalid "owner": -1: use an integer from 0 to 4294967294' },
    "the uid that means none": {
      fields: { owner: 4294967295 },
      message: 'invalid "owner": 4294967295: use an integer from 0 to 4294967294',
    },
    "an owner beyond 2^53": {
      fields: { owner: 2 ** 60 },
      message: 'invalid "owner": 1152921504606847000: use an integer from 0 to 4294967294',
    },
    "a fractional group": {
      fields: { group: 107.5 },
      message: 'invalid "group": 107.5: use an integer from 0 to 4294967294',
    },
    "an owner by name": {
      fields: { owner: "qemu" },
      message: 'invalid "owner": "qemu": use an integer from 0 to 4294967294',
    },
    "half a mac": {
      fields: { mac: "02:00" },
      message: 'invalid "mac": "02:00": use an address such as 02:00:00:00:00:01',
    },
    "a multicast mac": {
      fields: { mac: "01:00:5e:00:00:01" },
      message: 'invalid "mac": "01:00:5e:00:00:01": it is a multicast address, use a unicast address',
    },
    "a zero mac of the runtime": {
      fields: { runtimeConfig: { mac: "00:00:00:00:00:00" } },
      message: 'invalid "runtimeConfig.mac": "00:00:00:00:00:00": it is all zero, use a unicast address',
    },
    "a mac argument that is a number": {
      fields: { args: { cni: { mac: 2 } } },
      message: 'invalid "args.cni.mac": 2: use a string',
    },
    "args that are text": { fields: { args: "x" }, message: 'invalid "args": "x": use an object' },
    "args.cni that is an array": {
      fields: { args: { cni: [] } },
      message: 'invalid "args.cni": an array: use an object',
    },
    "a bridge that is no name": {
      fields: { bridge: "a/b" },
      message: 'invalid "bridge": "a/b": it contains "/" or ":", use an interface\'s name',
    },
    "an unknown sizing": { fields: { sizing: "auto" }, message: 'invalid "sizing": "auto": use "static" or "vm"' },
    "an unknown mode": { fields: { mode: "tap" }, message: 'invalid "mode": "tap": use "main" or "companion"' },
    "an unknown qdisc": {
      fields: { qdisc: "fq_codel" },
      message: 'invalid "qdisc": "fq_codel": use "noqueue" or "default"',
    },
    "dns that is text": { fields: { dns: "10.0.0.1" }, message: 'invalid "dns": "10.0.0.1": use an object' },
    "nameservers that are no texts": {
      fields: { dns: { nameservers: [1] } },
      message: 'invalid "dns.nameservers": an array: use an array of strings',
    },
    "an ipam that is text": { fields: { ipam: "host-local" }, message: 'invalid "ipam": "host-local": use an object' },
    "an ipam plugin that is a number": {
      fields: { ipam: { type: 1 } },
      message: 'invalid "ipam.type": 1: use a string',
    },
    "an ipam plugin that is a path": {
      fields: { ipam: { type: "../x" } },
      message:
        'invalid network configuration: "ipam.type": "../x" is no file name: use the file name of an IPAM plugin, such as "host-local"',
    },
    "an ipam plugin that is the plugin itself": {
      fields: { type: "tap", ipam: { type: "tap" } },
      message:
        'invalid network configuration: "ipam.type": "tap" is this plugin itself: use the file name of an IPAM plugin, such as "host-local"',
    },
    "a label without a type": {
      fields: { selinuxContext: "system_u:x" },
      message:
        'invalid "selinuxContext": "system_u:x": it has not the form user:role:type[:level], use a label such as system_u:system_r:container_t:s0',
    },
    "a label of several words": {
      fields: { selinuxContext: "exec system_u:system_r:container_t:s0" },
      message:
        'invalid "selinuxContext": "exec system_u:system_r:container_t:s0": it contains blanks or characters that are no ASCII, use a label such as system_u:system_r:container_t:s0',
    },
    "a label that is a number": { fields: { selinuxContext: 1 }, message: 'invalid "selinuxContext": 1: use a string' },
    "one queue that shall be many": {
      fields: { queues: 1, multiQueue: true },
      message: 'invalid network configuration: "queues": 1 contradicts "multiQueue": true: remove "multiQueue"',
    },
    "queues beside the VM's": {
      fields: { sizing: "vm", queues: 4 },
      message:
        'invalid network configuration: "queues": 4 contradicts "sizing": "vm": remove one of them, or limit with "maxQueues"',
    },
    "multiQueue beside the VM's": {
      fields: { sizing: "vm", multiQueue: false },
      message:
        'invalid network configuration: "multiQueue": false contradicts "sizing": "vm": remove one of them, or limit with "maxQueues"',
    },
    "a companion without the agent": {
      fields: { mode: "companion" },
      message:
        'invalid network configuration: "mode": "companion" needs "sizing": "vm", since only the agent knows the virtual machine',
    },
    "a binding without the agent": {
      fields: { args: { cni: { logicNetworkName: "blue" } } },
      message:
        'invalid network configuration: "args.cni.logicNetworkName": "blue" makes this a network binding, which needs "sizing": "vm"',
    },
  };
  for (const [what, { fields, code = 7, message }] of Object.entries(refused)) {
    test(`refuses ${what}`, () => assert.throws(() => conf(fields), { code, message }));
  }

  test("throws nothing but CniError, whatever the configuration", () => {
    const keys = [
      "queues",
      "multiQueue",
      "mtu",
      "mac",
      "owner",
      "group",
      "bridge",
      "ipam",
      "selinuxContext",
      "dns",
      "args",
      "runtimeConfig",
      "sizing",
      "mode",
      "maxQueues",
      "qdisc",
      "cniVersion",
      "name",
    ];
    const value = fc.oneof(fc.jsonValue(), fc.integer(), fc.constantFrom("vm", "static", "main", "companion", true, 4));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), value), (document) => {
        assert.ok(isJsonObject(document));
        for (const parser of [
          parseVersion,
          parseNetConf,
          (input: typeof document) => parseEnvelope(JSON.stringify(input)),
        ]) {
          try {
            parser(document);
          } catch (error) {
            assert.ok(error instanceof CniError && [1, 2, 6, 7].includes(error.code), String(error));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
