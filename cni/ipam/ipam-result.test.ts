import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../json-object.ts";
import { formatIpAddress, formatIpPrefix } from "../netlink/ip-text.ts";
import { type IpamResult, IpamResultError, parseIpamResult } from "./ipam-result.ts";

/** Bytes as a person reads them. */
function readable({ addresses, routes, dns }: IpamResult) {
  return {
    addresses: addresses.map(({ prefix, gateway }) => [formatIpPrefix(prefix), gateway && formatIpAddress(gateway)]),
    routes: routes.map(({ destination, gateway }) => [
      formatIpPrefix(destination),
      gateway && formatIpAddress(gateway),
    ]),
    dns,
  };
}

const both = {
  addresses: [
    ["10.0.0.5/24", "10.0.0.1"],
    ["fd00::5/64", undefined],
  ],
  routes: [
    ["0.0.0.0/0", undefined],
    ["fd01::/16", "fd00::9"],
  ],
  dns: { nameservers: ["10.0.0.53"] },
};
const routes = [{ dst: "0.0.0.0/0" }, { dst: "fd01::7/16", gw: "fd00::9" }];
const dns = { nameservers: ["10.0.0.53"] };
const ips = [{ address: "10.0.0.5/24", gateway: "10.0.0.1" }, { address: "FD00:0::5/64" }];
const old = {
  ip4: { ip: "10.0.0.5/24", gateway: "10.0.0.1", routes: [routes[0]] },
  ip6: { ip: "fd00::5/64", routes: [routes[1]] },
  dns,
};

describe("parseIpamResult()", () => {
  const said: Record<string, JsonObject> = {
    "0.1.0": { cniVersion: "0.1.0", ...old },
    "0.2.0": { cniVersion: "0.2.0", ...old },
    "0.3.1": { cniVersion: "0.3.1", ips: ips.map((ip) => ({ version: "4", ...ip })), routes, dns },
    "0.4.0": { cniVersion: "0.4.0", ips, routes, dns },
    "1.0.0": { cniVersion: "1.0.0", ips, routes, dns },
    "1.1.0": { cniVersion: "1.1.0", ips, routes, dns },
    "no version": { ips, routes, dns },
    "an empty version and other cases": { cniVersion: "", IPs: ips, Routes: routes, DNS: dns },
  };
  for (const [version, document] of Object.entries(said)) {
    test(`reads ${version}`, () => assert.deepEqual(readable(parseIpamResult(document)), both));
  }

  test("reads what 1.1.0 says of routes, and zero as not set where Go has it so", () => {
    const route = { dst: "10.9.0.0/16", mtu: 1400, advmss: 1300, priority: 7, table: 0, scope: 0 };
    const { routes: read } = parseIpamResult({ ips, routes: [route, { ...route, mtu: 0, advmss: 0, priority: 0 }] });
    const numbers = read.map(({ mtuBytes, advmss, priority, table, scope }) => [
      mtuBytes,
      advmss,
      priority,
      table,
      scope,
    ]);
    assert.deepEqual(numbers, [
      [1400, 1300, 7, 0, 0],
      [undefined, undefined, undefined, 0, 0],
    ]);
  });

  const wrong: Record<string, { document: JsonObject; why: RegExp }> = {
    "a version from the future": {
      document: { cniVersion: "2.0.0", ips },
      why: /^"cniVersion": "2.0.0" is not one of/,
    },
    "a version that is no text": { document: { cniVersion: 1, ips }, why: /"cniVersion": 1 / },
    "addresses that are no list": { document: { ips: {} }, why: /"ips": an object is not a list/ },
    "an address that is text": { document: { ips: ["10.0.0.5/24"] }, why: /"ips": "10.0.0.5\/24" is not/ },
    "an address without prefix": { document: { ips: [{ address: "10.0.0.5" }] }, why: /"address": "10.0.0.5" is not/ },
    "an address without anything": { document: { ips: [{}] }, why: /"address": nothing is not/ },
    "a prefix beyond the address": { document: { ips: [{ address: "10.0.0.5/33" }] }, why: /"address"/ },
    "a gateway that is a name": { document: { ips: [{ ...ips[0], gateway: "router" }] }, why: /"gateway": "router"/ },
    "a route to nowhere": { document: { ips, routes: [{ gw: "10.0.0.1" }] }, why: /"dst": nothing/ },
    "a gateway of the other family": {
      document: { ips, routes: [{ dst: "0.0.0.0/0", gw: "fd00::1" }] },
      why: /"gw": "fd00::1" is not of the destination's family/,
    },
    "a table that is text": { document: { ips, routes: [{ dst: "::/0", table: "main" }] }, why: /"table": "main"/ },
    "a scope beyond a byte": { document: { ips, routes: [{ dst: "::/0", scope: 256 }] }, why: /"scope": 256/ },
    "an old family that is text": { document: { ip4: "10.0.0.5/24" }, why: /"ip4": "10.0.0.5\/24" is not an object/ },
    "name servers that are numbers": { document: { ips, dns: { nameservers: [1] } }, why: /"dns.nameservers": 1/ },
  };
  for (const [what, { document, why }] of Object.entries(wrong)) {
    test(`refuses ${what}`, () =>
      assert.throws(() => parseIpamResult(document), { name: "IpamResultError", message: why }));
  }

  test("throws nothing else, whatever the plugin says", () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("10.0.0.5/24", "::/0", "fd00::1"));
    const entry = fc.record(
      { address: value, gateway: value, dst: value, gw: value, mtu: value },
      { requiredKeys: [] },
    );
    const list = fc.oneof(value, fc.array(entry));
    const keys = { cniVersion: value, ips: list, routes: list, ip4: fc.oneof(value, entry), dns: value };
    fc.assert(
      fc.property(fc.record(keys, { requiredKeys: [] }), (document) => {
        try {
          parseIpamResult(document);
        } catch (error) {
          assert.ok(error instanceof IpamResultError, String(error));
        }
      }),
    );
  });
});
