import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatIpAddress } from "../netlink/ip-text.ts";
import { parseIpamResult } from "./ipam-result.ts";
import { isRoute, routesToSet } from "./routes.ts";

const result = parseIpamResult({
  ips: [
    { address: "10.0.0.5/24" },
    { address: "fd00::5/64", gateway: "fd00::1" },
    { address: "10.0.1.5/24", gateway: "10.0.1.1" },
    { address: "10.0.2.5/24", gateway: "10.0.2.1" },
  ],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }, { dst: "10.9.0.0/16", gw: "10.0.0.9" }],
});

describe("routesToSet()", () => {
  test("gives a route without gateway the first one of its family", () => {
    const gateways = routesToSet(result).map(({ gateway }) => gateway && formatIpAddress(gateway));
    assert.deepEqual(gateways, ["10.0.1.1", "fd00::1", "10.0.0.9"]);
  });

  test("leaves a route without gateway on the link where its family has none", () => {
    const { addresses, ...rest } = result;
    const [route] = routesToSet({ ...rest, addresses: addresses.slice(0, 2) });
    assert.equal(route?.gateway, undefined);
  });
});

describe("isRoute()", () => {
  const [found] = parseIpamResult({ routes: [{ dst: "10.9.0.0/16", gw: "10.0.0.9", mtu: 1400, table: 254 }] }).routes;
  assert.ok(found);
  const { destination, gateway } = found;

  test("takes what is not wanted in particular", () => {
    assert.ok(isRoute(found, { destination, gateway }));
    assert.ok(isRoute(found, { destination, gateway, mtuBytes: undefined, table: 254 }));
  });

  test("tells every part that is wanted", () => {
    assert.ok(!isRoute(found, { destination, gateway: undefined }));
    assert.ok(!isRoute({ ...found, gateway: undefined }, { destination, gateway }));
    assert.ok(!isRoute(found, { destination: { ...destination, prefixLength: 17 }, gateway }));
    assert.ok(!isRoute(found, { destination, gateway: new Uint8Array([10, 0, 0, 8]) }));
    assert.ok(!isRoute(found, { destination, gateway, mtuBytes: 1500 }));
    assert.ok(!isRoute(found, { destination, gateway, priority: 1 }));
  });
});
