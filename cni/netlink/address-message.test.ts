import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeAddress, encodeAddress, type LinkAddress } from "./address-message.ts";
import { encodeAttributes, NetlinkFormatError } from "./attribute.ts";
import { formatIpPrefix, parseIpPrefix } from "./ip-text.ts";
import { decodeMessages } from "./message.ts";
import { addressAnswer, askedAddresses } from "./recorded-addressing.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const prefix = (text: string) => parseIpPrefix(text) ?? assert.fail(text);
const answers = decodeMessages(Buffer.from(addressAnswer, "hex")).map(({ payload }) => payload);
const shown = (found: LinkAddress | undefined): readonly unknown[] =>
  found === undefined ? [] : [found.index, formatIpPrefix(found)];

for (const [command, payload] of Object.entries(askedAddresses)) {
  test(`encodeAddress() has the bytes of "ip addr add ${command}"`, () => {
    const [text = ""] = command.split(" ");
    assert.equal(hex(encodeAddress({ index: 2, ...prefix(text) })), payload);
  });
}

test("encodeAddress() names a broadcast address where the network has one", () => {
  const broadcasts: Record<string, string | undefined> = {
    "10.9.5.5/8": "10.255.255.255",
    "10.9.5.5/22": "10.9.7.255",
    "10.9.5.5/30": "10.9.5.7",
    "10.9.5.4/31": undefined,
    "10.9.5.5/32": undefined,
    "2001:db8::5/64": undefined,
  };
  for (const [text, expected] of Object.entries(broadcasts)) {
    const payload = encodeAddress({ index: 2, ...prefix(text) });
    // Behind the header and two attributes with the address itself.
    const attribute = payload.subarray(8 + 2 * (4 + prefix(text).address.length));
    assert.equal(attribute.length === 0 ? undefined : attribute.subarray(4).join("."), expected, text);
  }
});

test("encodeAddress() refuses bytes that are no address", () => {
  const address = new Uint8Array(5);
  assert.throws(() => encodeAddress({ index: 2, address, prefixLength: 8 }), RangeError);
});

test("decodeAddress() reads what the kernel says", () => {
  assert.deepEqual(answers.map(decodeAddress).map(shown), [
    [2, "10.9.0.5/24"],
    [2, "10.9.1.4/31"],
    [2, "2001:db8::5/64"],
  ]);
});

test("decodeAddress() takes the link's own address where it has a peer, in either order", () => {
  const own = { type: 2, value: prefix("10.9.0.5/32").address };
  const peer = { type: 1, value: prefix("10.9.0.6/32").address };
  for (const attributes of [
    [own, peer],
    [peer, own],
  ]) {
    const payload = Uint8Array.of(2, 32, 0, 0, 7, 0, 0, 0, ...encodeAttributes(attributes));
    assert.deepEqual(shown(decodeAddress(payload)), [7, "10.9.0.5/32"]);
  }
});

test("decodeAddress() gives back what encodeAddress() was given", () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  const given = address.chain((bytes) =>
    fc.record({ index: fc.nat(), address: fc.constant(bytes), prefixLength: fc.nat(bytes.length * 8) }),
  );
  fc.assert(fc.property(given, (one) => assert.deepEqual(shown(decodeAddress(encodeAddress(one))), shown(one))));
});

test("decodeAddress() leaves other families alone", () => {
  for (const family of [0, 1, 7, 28, 35, 45, 128]) {
    assert.equal(decodeAddress(Uint8Array.of(family, 255, 0, 0, 2, 0, 0, 0)), undefined);
  }
});

test("decodeAddress() throws on addresses that cannot be", () => {
  const header = (family: number, prefixLength: number) => Uint8Array.of(family, prefixLength, 0, 0, 2, 0, 0, 0);
  const local = (length: number) => encodeAttributes([{ type: 2, value: new Uint8Array(length) }]);
  const lies: Record<string, Uint8Array> = {
    "nothing at all": new Uint8Array(),
    "half a header": header(2, 24).subarray(0, 7),
    "no address": header(2, 24),
    "an address of the other family": Uint8Array.of(...header(2, 24), ...local(16)),
    "half an address": Uint8Array.of(...header(10, 64), ...local(8)),
    "a prefix longer than the address": Uint8Array.of(...header(2, 33), ...local(4)),
    "an IPv6 prefix longer than the address": Uint8Array.of(...header(10, 129), ...local(16)),
    "an attribute that does not fit": Uint8Array.of(...header(2, 24), 9, 0, 2, 0, 10, 9, 0, 5),
    "an attribute of no length": Uint8Array.of(...header(2, 24), 0, 0, 2, 0, 10, 9, 0, 5),
  };
  for (const [what, payload] of Object.entries(lies)) {
    assert.throws(() => decodeAddress(payload), NetlinkFormatError, what);
  }
});

test("decodeAddress() throws only its own error, whatever it is given", () => {
  const damaged = fc
    .tuple(fc.constantFrom(...answers), fc.nat(100), fc.nat(255), fc.nat(30))
    .map(([payload, at, byte, cut]) => {
      const bytes = payload.slice(0, Math.max(0, payload.length - cut));
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      try {
        decodeAddress(bytes);
      } catch (error) {
        assert.ok(error instanceof NetlinkFormatError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
