import assert from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { formatIpAddress, formatIpPrefix, isSameIp, networkOf, parseIpAddress, parseIpPrefix } from "./ip-text.ts";

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
/** Many zeros, where the short forms are. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));
const address = fc.oneof(ipv4, ipv6);
const prefix = address.chain((bytes) =>
  fc.record({ address: fc.constant(bytes), prefixLength: fc.nat(bytes.length * 8) }, { noNullPrototype: true }),
);
const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");

const sameText: Record<string, readonly string[]> = {
  "0.0.0.0": [],
  "255.255.255.255": [],
  "10.9.0.5": [],
  "::": ["0::", "::0", "0:0:0:0:0:0:0:0", "::0.0.0.0", "0000:0000:0000:0000:0000:0000:0000:0000"],
  "::1": ["0:0:0:0:0:0:0:1", "::0.0.0.1", "0000::0001"],
  "1::": ["1:0:0:0:0:0:0:0", "1::0"],
  "2001:db8::5": ["2001:0DB8:0::5", "2001:db8:0:0:0:0:0:5", "2001:db8::0.0.0.5"],
  "2001:db8:0:1:1:1:1:1": ["2001:db8::1:1:1:1:1"],
  "2001:0:0:1::1": ["2001::1:0:0:0:1"],
  "2001:db8::1:0:0:1": ["2001:db8:0:0:1::1"],
  "::ffff:10.9.0.5": ["::ffff:a09:5", "0:0:0:0:0:FFFF:10.9.0.5", "0000:0000:0000:0000:0000:ffff:10.9.0.5"],
  "::ffff:255.255.255.255": ["0000:0000:0000:0000:0000:ffff:255.255.255.255"],
  "fe80::1234": ["FE80::1234"],
  "::fffe:a09:5": ["::fffe:10.9.0.5"],
};

for (const [canonical, others] of Object.entries(sameText)) {
  test(`parseIpAddress() and formatIpAddress() make "${canonical}" of all its forms`, () => {
    for (const text of [canonical, ...others]) {
      assert.equal(formatIpAddress(parseIpAddress(text) ?? new Uint8Array()), canonical, text);
    }
  });
}

const noAddresses = [
  ..."| |.|:|:::|1|1.2.3|1.2.3.4.5|1.2.3.256|01.2.3.4|1.2.3.04|1.2.3.|.1.2.3|1..2.3|1.2.3.4 | 1.2.3.4|0x1.2.3.4".split(
    "|",
  ),
  ..."+1.2.3.4|-1.2.3.4|1e1.2.3.4|1.2.3.4/24|::1/64|::1%eth0|[::1]|1::2::3|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9".split("|"),
  ..."1:2:3:4:5:6:7:8::|::1:2:3:4:5:6:7:8|1:2:3:4::5:6:7:8|12345::|g::|:1::|::1:|1:|::1.2.3|::1.2.3.4.5".split("|"),
  ..."::1.2.3.4:5|1.2.3.4::|1:2:3:4:5:6:7:1.2.3.4|::01.2.3.4|١.٢.٣.٤|1.2.3.4\0|::\n".split("|"),
  "1.".repeat(100_000),
  ":".repeat(100_000),
  "::".padEnd(100_000, "0"),
];

test("parseIpAddress() refuses what is no address", () => {
  for (const text of noAddresses) assert.equal(parseIpAddress(text), undefined, `"${text.slice(0, 50)}"`);
});

test("parseIpAddress() takes what formatIpAddress() writes, and Node reads the same", () => {
  fc.assert(
    fc.property(address, (bytes) => {
      const text = formatIpAddress(bytes);
      assert.equal(hex(parseIpAddress(text)), hex(bytes));
      assert.equal(hex(parseIpAddress(text.toUpperCase())), hex(bytes));
      assert.equal(isIP(text), bytes.length === 4 ? 4 : 6);
    }),
    { numRuns: 1000 },
  );
});

test("formatIpAddress() writes IPv6 as the URL standard does, but for mapped addresses", () => {
  fc.assert(
    fc.property(ipv6, (bytes) => {
      const text = formatIpAddress(bytes);
      if (!text.startsWith("::ffff:")) assert.equal(new URL(`http://[${text}]`).hostname, `[${text}]`);
    }),
    { numRuns: 1000 },
  );
});

test("parseIpAddress() takes exactly the texts that Node calls addresses, but for zones", () => {
  const characters = fc.constantFrom(..."0123459abfF:.::./g ");
  const texts = fc.oneof(
    fc.array(characters, { maxLength: 24 }).map((list) => list.join("")),
    fc
      .array(fc.constantFrom("0", "1", "db8", "ffff", "10000", "", "1.2.3.4"), { maxLength: 10 })
      .map((list) => list.join(":")),
    fc.array(fc.constantFrom("0", "1", "255", "256", "00", ""), { maxLength: 5 }).map((list) => list.join(".")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(parseIpAddress(text)?.length, { 0: undefined, 4: 4, 6: 16 }[isIP(text)], text);
    }),
    { numRuns: 5000 },
  );
});

test("parseIpPrefix() gives back what formatIpPrefix() writes", () => {
  fc.assert(
    fc.property(prefix, (given) => {
      const found = parseIpPrefix(formatIpPrefix(given));
      assert.deepEqual([hex(found?.address), found?.prefixLength], [hex(given.address), given.prefixLength]);
    }),
  );
});

test("parseIpPrefix() refuses what is no address with a prefix", () => {
  const texts =
    "1.2.3.4|1.2.3.4/|1.2.3.4/33|1.2.3.4/-1|1.2.3.4/08|1.2.3.4/8 |1.2.3.4/8/8|/8|::1|::1/129|::1/64%1".split("|");
  for (const text of [...texts, "1.2.3.4/255.0.0.0", "1.2.3/8", "1.2.3.4/1e1", "1.2.3.4/0x8", "::/\n0"]) {
    assert.equal(parseIpPrefix(text), undefined, text);
  }
});

test("networkOf() keeps the bits of the prefix and no other", () => {
  const networks: Record<string, string> = {
    "10.77.5.3/16": "10.77.0.0/16",
    "10.77.5.3/0": "0.0.0.0/0",
    "10.77.5.3/32": "10.77.5.3/32",
    "255.255.255.255/13": "255.248.0.0/13",
    "2001:db8:ffff::5/45": "2001:db8:fff8::/45",
    "ffff::1/0": "::/0",
  };
  for (const [text, network] of Object.entries(networks)) {
    const given = parseIpPrefix(text);
    assert.ok(given !== undefined);
    assert.equal(formatIpPrefix(networkOf(given)), network);
  }
});

test("networkOf() holds the addresses that Node says are in it", () => {
  const near = prefix.chain((given) =>
    fc.record({ given: fc.constant(given), flipped: fc.nat(given.address.length * 8 - 1) }),
  );
  fc.assert(
    fc.property(near, ({ given, flipped }) => {
      const other = given.address.map((byte, at) => (at === flipped >> 3 ? byte ^ (0x80 >> (flipped & 7)) : byte));
      const network = networkOf(given);
      const isInside = isSameIp(
        networkOf({ address: other, prefixLength: given.prefixLength }).address,
        network.address,
      );
      assert.equal(isInside, flipped >= given.prefixLength);
      const family = given.address.length === 4 ? "ipv4" : "ipv6";
      const list = new BlockList();
      if (given.prefixLength > 0) list.addSubnet(formatIpAddress(network.address), given.prefixLength, family);
      if (given.prefixLength > 0) assert.equal(list.check(formatIpAddress(other), family), isInside);
    }),
  );
});

test("isSameIp() tells addresses apart, also one that is mapped into the other family", () => {
  const of = (text: string): Uint8Array => parseIpAddress(text) ?? assert.fail(text);
  assert.ok(isSameIp(of("10.9.0.5"), of("10.9.0.5")));
  assert.ok(isSameIp(of("2001:db8::5"), of("2001:db8:0::5")));
  assert.ok(!isSameIp(of("10.9.0.5"), of("10.9.0.6")));
  assert.ok(!isSameIp(of("10.9.0.5"), of("::ffff:10.9.0.5")));
  assert.ok(!isSameIp(of("0.0.0.0"), of("::")));
});

test("formatIpAddress() refuses bytes that are no address", () => {
  for (const length of [0, 3, 5, 15, 17]) assert.throws(() => formatIpAddress(new Uint8Array(length)), RangeError);
});
