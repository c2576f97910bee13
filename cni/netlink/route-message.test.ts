import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeAttributes, encodeUint32, NetlinkFormatError } from "./attribute.ts";
import { formatIpAddress, formatIpPrefix, parseIpAddress, parseIpPrefix } from "./ip-text.ts";
import { decodeMessages } from "./message.ts";
import { askedRoutes, routeAnswers } from "./recorded-addressing.ts";
import { decodeRoute, encodeRoute, type LinkRoute } from "./route-message.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const ip = (text: string): Uint8Array => parseIpAddress(text) ?? assert.fail(text);

function route(destination: string, more: Partial<LinkRoute> = {}): LinkRoute {
  const nothing = { mtuBytes: undefined, advmss: undefined, priority: undefined, table: undefined, scope: undefined };
  const prefix = parseIpPrefix(destination) ?? assert.fail(destination);
  return { index: 2, destination: prefix, gateway: undefined, ...nothing, ...more };
}

/** As a line of text, what is not there left out. */
function shown({ index, destination, gateway, mtuBytes, advmss, priority, table, scope }: LinkRoute): string {
  const via = gateway === undefined ? undefined : formatIpAddress(gateway);
  const parts = Object.entries({ via, index, mtuBytes, advmss, priority, table, scope });
  const said = parts.filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${value}`);
  return [formatIpPrefix(destination), ...said].join(" ");
}

const asked: Record<keyof typeof askedRoutes, LinkRoute> = {
  "default via 10.9.0.1 dev tap0": route("0.0.0.0/0", { gateway: ip("10.9.0.1") }),
  "10.76.0.0/16 dev tap0": route("10.76.0.0/16"),
  "10.77.0.0/16 via 10.9.0.7 dev tap0 table 500 metric 77 mtu 1400 advmss 1300": route("10.77.3.3/16", {
    gateway: ip("10.9.0.7"),
    mtuBytes: 1400,
    advmss: 1300,
    priority: 77,
    table: 500,
  }),
  "2001:db8:1::/48 via 2001:db8::1 dev tap0": route("2001:db8:1::5/48", { gateway: ip("2001:db8::1") }),
  "2001:db8:2::/48 dev tap0 table 100": route("2001:db8:2::/48", { table: 100 }),
  "default via 2001:db8::1 dev tap0": route("::/0", { gateway: ip("2001:db8::1") }),
};

for (const [command, payload] of Object.entries(askedRoutes)) {
  test(`encodeRoute() has the bytes of "ip route add ${command}"`, () => {
    const given = Object.entries(asked).find(([name]) => name === command)?.[1] ?? assert.fail(command);
    assert.equal(hex(encodeRoute(given)), payload);
  });
}

test("encodeRoute() takes scope and priority as they are given", () => {
  const payload = encodeRoute(route("10.76.0.0/16", { scope: 200, priority: 0xffff_ffff }));
  assert.deepEqual(decodeRoute(payload).map(shown), ["10.76.0.0/16 index 2 priority 4294967295 table 254 scope 200"]);
});

const answers: Record<keyof typeof routeAnswers, readonly string[]> = {
  ipv4: [
    "10.77.0.0/16 via 10.9.0.7 index 2 mtuBytes 1400 advmss 1300 priority 77 table 500 scope 0",
    "0.0.0.0/0 via 10.9.0.1 index 2 table 254 scope 0",
    "10.9.0.0/24 index 2 table 254 scope 253",
    "10.9.1.4/31 index 2 table 254 scope 253",
    "10.76.0.0/16 index 2 table 254 scope 253",
    // one route over two gateways, one over a gateway of IPv6
    "10.80.0.0/16 via 10.9.0.8 index 2 table 254 scope 0",
    "10.80.0.0/16 via 10.9.0.9 index 2 table 254 scope 0",
    "10.81.0.0/16 via 2001:db8::9 index 2 table 254 scope 0",
  ],
  ipv6: [
    "2001:db8:2::/48 index 2 priority 1024 table 100 scope 0",
    "2001:db8::/64 index 2 priority 256 table 254 scope 0",
    "2001:db8:1::/48 via 2001:db8::1 index 2 priority 1024 table 254 scope 0",
    "::/0 via 2001:db8::1 index 2 priority 1024 table 254 scope 0",
    "::/0 via 2001:db8::2 index 2 priority 1024 table 254 scope 0",
  ],
};

for (const [family, dump] of Object.entries(routeAnswers)) {
  test(`decodeRoute() reads the unicast routes that the kernel tells of ${family}, and no other`, () => {
    const found = decodeMessages(Buffer.from(dump, "hex")).flatMap(({ payload }) => decodeRoute(payload));
    assert.deepEqual(found.map(shown), Object.entries(answers).find(([name]) => name === family)?.[1]);
  });
}

test("decodeRoute() gives back what encodeRoute() was given", () => {
  const number = fc.option(fc.nat(0xffff_ffff), { nil: undefined });
  const given = fc.constantFrom(4, 16).chain((length) => {
    const address = fc.uint8Array({ minLength: length, maxLength: length });
    const rest = { mtuBytes: number, advmss: number, priority: number };
    return fc.record({
      index: fc.nat(),
      destination: fc.constant({ address: new Uint8Array(length), prefixLength: length * 8 }),
      gateway: fc.option(address, { nil: undefined }),
      table: fc.nat(0xffff_ffff).filter((table) => table > 0),
      scope: fc.nat(255),
      ...rest,
    });
  });
  fc.assert(
    fc.property(given, (one) => {
      assert.deepEqual(decodeRoute(encodeRoute(one)).map(shown), [shown(one)]);
    }),
  );
});

test("decodeRoute() leaves other families and other types of routes alone", () => {
  const header = (family: number, type: number) => Uint8Array.of(family, 255, 0, 0, 254, 3, 0, type, 0, 0, 0, 0);
  for (const family of [0, 1, 7, 28, 128, 129]) assert.deepEqual(decodeRoute(header(family, 1)), []);
  for (const type of [0, 2, 3, 4, 5, 6, 7, 8, 255]) assert.deepEqual(decodeRoute(header(2, type)), []);
});

test("decodeRoute() throws on routes that cannot be", () => {
  const header = (family: number, prefixLength: number) =>
    Uint8Array.of(family, prefixLength, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0);
  const hop = (length: number, rest: readonly number[] = []) => {
    const value = Uint8Array.of(length, 0, 0, 0, 2, 0, 0, 0, ...rest);
    return encodeAttributes([{ type: 9, value }]);
  };
  const attribute = (type: number, length: number) => encodeAttributes([{ type, value: new Uint8Array(length) }]);
  const lies: Record<string, Uint8Array> = {
    "nothing at all": new Uint8Array(),
    "half a header": header(2, 24).subarray(0, 11),
    "a destination of the other family": Uint8Array.of(...header(2, 24), ...attribute(1, 16)),
    "a prefix longer than the address": Uint8Array.of(...header(2, 33), ...attribute(1, 4)),
    "half a gateway": Uint8Array.of(...header(10, 0), ...attribute(5, 8)),
    "a gateway that is only a family": Uint8Array.of(...header(2, 0), ...attribute(18, 2)),
    "a short priority": Uint8Array.of(...header(2, 0), ...attribute(6, 2)),
    "a short metric": Uint8Array.of(...header(2, 0), ...encodeAttributes([{ type: 8, value: attribute(2, 3) }])),
    "a next hop of no length": Uint8Array.of(...header(2, 0), ...hop(0)),
    "a next hop shorter than its header": Uint8Array.of(...header(2, 0), ...hop(4)),
    "a next hop that does not fit": Uint8Array.of(...header(2, 0), ...hop(20, [8, 0, 5, 0, 1, 2, 3, 4])),
  };
  for (const [what, payload] of Object.entries(lies)) {
    assert.throws(() => decodeRoute(payload), NetlinkFormatError, what);
  }
});

test("decodeRoute() throws only its own error, whatever it is given", () => {
  const payloads = Object.values(routeAnswers).flatMap((dump) =>
    decodeMessages(Buffer.from(dump, "hex")).map(({ payload }) => payload),
  );
  const damaged = fc
    .tuple(fc.constantFrom(...payloads), fc.nat(200), fc.nat(255), fc.nat(30))
    .map(([payload, at, byte, cut]) => {
      const bytes = payload.slice(0, Math.max(0, payload.length - cut));
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    });
  const noise = fc
    .uint8Array({ maxLength: 100 })
    .map((bytes) => Uint8Array.of(2, 8, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0, ...bytes));
  const hops = fc.uint8Array({ maxLength: 60 }).map((value) =>
    Uint8Array.of(
      10,
      8,
      0,
      0,
      254,
      3,
      0,
      1,
      0,
      0,
      0,
      0,
      ...encodeAttributes([
        { type: 9, value },
        { type: 4, value: encodeUint32(2) },
      ]),
    ),
  );
  fc.assert(
    fc.property(fc.oneof(damaged, noise, hops, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      try {
        decodeRoute(bytes);
      } catch (error) {
        assert.ok(error instanceof NetlinkFormatError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
