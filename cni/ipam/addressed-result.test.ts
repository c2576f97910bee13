import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readPrevResult } from "../result.ts";
import { formatAddressedResult } from "./addressed-result.ts";
import { parseIpamResult } from "./ipam-result.ts";

const tap = { name: "tap0", mac: "02:00:00:00:00:01", mtuBytes: 1500, sandbox: "/run/netns/a" };
const ipam = parseIpamResult({
  ips: [{ address: "10.0.0.5/24", gateway: "10.0.0.1" }, { address: "10.0.1.5/24" }, { address: "fd00::5/64" }],
  routes: [
    { dst: "0.0.0.0/0", gw: "10.0.0.1", mtu: 1400, advmss: 1300, priority: 5, table: 100, scope: 0 },
    { dst: "::/0" },
  ],
  dns: { nameservers: ["10.0.0.53"] },
});
const plain = { prev: undefined, tap, dns: undefined };
const resultOf = (version: string, change: Partial<Parameters<typeof formatAddressedResult>[1]> = {}) => {
  const text = formatAddressedResult(version, { ...plain, ...change }, ipam);
  assert.equal(text.indexOf("\n"), text.length - 1);
  return JSON.parse(text);
};
const prevOf = (object: Record<string, unknown>) => {
  const stdin = JSON.stringify({ prevResult: object });
  return readPrevResult(JSON.parse(stdin), stdin);
};

const named = { name: "tap0", mac: "02:00:00:00:00:01", sandbox: "/run/netns/a" };
const ips = [
  { interface: 0, address: "10.0.0.5/24", gateway: "10.0.0.1" },
  { interface: 0, address: "10.0.1.5/24" },
  { interface: 0, address: "fd00::5/64" },
];
const withVersion = ips.map((ip) => ({ version: ip.address.includes(":") ? "6" : "4", ...ip }));
const routes = [{ dst: "0.0.0.0/0", gw: "10.0.0.1" }, { dst: "::/0" }];
const dns = { nameservers: ["10.0.0.53"] };
const old = {
  ip4: { ip: "10.0.0.5/24", gateway: "10.0.0.1", routes: routes.slice(0, 1) },
  ip6: { ip: "fd00::5/64", routes: routes.slice(1) },
  dns,
};

describe("formatAddressedResult()", () => {
  const golden: Record<string, unknown> = {
    "0.1.0": { cniVersion: "0.1.0", ...old },
    "0.2.0": { cniVersion: "0.2.0", ...old },
    "0.3.0": { cniVersion: "0.3.0", interfaces: [named], ips: withVersion, routes, dns },
    "0.3.1": { cniVersion: "0.3.1", interfaces: [named], ips: withVersion, routes, dns },
    "0.4.0": { cniVersion: "0.4.0", interfaces: [named], ips: withVersion, routes, dns },
    "1.0.0": { cniVersion: "1.0.0", interfaces: [named], ips, routes, dns },
    "1.1.0": {
      cniVersion: "1.1.0",
      interfaces: [{ ...named, mtu: 1500 }],
      ips,
      routes: [{ ...routes[0], mtu: 1400, advmss: 1300, priority: 5, table: 100, scope: 0 }, routes[1]],
      dns,
    },
  };
  for (const [version, result] of Object.entries(golden)) {
    test(`writes ${version}`, () => assert.deepEqual(resultOf(version), result));
  }

  test("appends to what the plugins before made, with the index that our interface has there", () => {
    const before = {
      interfaces: [{ name: "br0" }, { name: "eth0" }],
      ips: [{ address: "10.1.0.2/24", interface: 1 }],
      routes: [{ dst: "10.8.0.0/16" }],
    };
    const result = resultOf("1.0.0", { prev: prevOf({ cniVersion: "1.0.0", ...before }) });
    assert.deepEqual(result.interfaces, [...before.interfaces, named]);
    assert.deepEqual(result.ips, [...before.ips, ...ips.map((ip) => ({ ...ip, interface: 2 }))]);
    assert.deepEqual(result.routes, [...before.routes, ...routes]);
  });

  test("keeps an address that a plugin before gave where a result has one of each family only", () => {
    const ip4 = { ip: "10.1.0.2/24" };
    const result = resultOf("0.2.0", { prev: prevOf({ cniVersion: "0.2.0", ip4 }) });
    assert.deepEqual([result.ip4, result.ip6], [ip4, old.ip6]);
  });

  test("takes dns from the configuration, else from before, else from the IPAM plugin", () => {
    const own = { nameservers: ["10.0.0.1"] };
    const earlier = { nameservers: ["10.0.0.2"] };
    assert.deepEqual(resultOf("1.0.0", { dns: own, prev: prevOf({ dns: earlier }) }).dns, own);
    assert.deepEqual(resultOf("1.0.0", { prev: prevOf({ dns: earlier }) }).dns, earlier);
    assert.deepEqual(resultOf("1.0.0", { prev: prevOf({ dns: {} }) }).dns, dns);
  });

  test("leaves out routes and dns where there are none", () => {
    const bare = parseIpamResult({ ips: [{ address: "10.0.0.5/24" }] });
    const result = JSON.parse(formatAddressedResult("1.0.0", plain, bare));
    assert.deepEqual(Object.keys(result), ["cniVersion", "interfaces", "ips"]);
  });

  test("refuses a prevResult whose addresses are no array", () => {
    assert.throws(() => resultOf("1.0.0", { prev: prevOf({ ips: 5 }) }), { code: 7, message: /"ips" is 5/ });
  });
});
