import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeAttributes,
  decodeUint8,
  decodeUint32,
  encodeAttributes,
  encodeUint32,
  NetlinkFormatError,
  untilNul,
} from "./attribute.ts";

const attributes = fc.array(
  fc.record({ type: fc.nat(0x3fff), value: fc.uint8Array({ maxLength: 300 }) }, { noNullPrototype: true }),
);

test("decodeAttributes() gives back what encodeAttributes() was given", () => {
  fc.assert(
    fc.property(attributes, (given) => {
      const encoded = encodeAttributes(given);
      assert.equal(encoded.length % 4, 0);
      assert.deepEqual(
        decodeAttributes(encoded).map(({ type, value }) => ({ type, value: Uint8Array.from(value) })),
        given.map(({ type, value }) => ({ type, value: Uint8Array.from(value) })),
      );
    }),
  );
});

test("decodeAttributes() drops the flags in a type's upper bits", () => {
  const nested = encodeAttributes([{ type: 0x8000 | 18, value: Uint8Array.of(1) }]);
  assert.deepEqual(
    decodeAttributes(nested).map(({ type }) => type),
    [18],
  );
});

test("decodeAttributes() throws only its own error, whatever it is given", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeAttributes(bytes);
      } catch (error) {
        assert.ok(error instanceof NetlinkFormatError);
      }
    }),
  );
});

test("decodeUint32() and decodeUint8() refuse values of another size", () => {
  fc.assert(fc.property(fc.nat(0xffff_ffff), (value) => assert.equal(decodeUint32(encodeUint32(value)), value)));
  for (const length of [0, 1, 3, 5, 8]) {
    assert.throws(() => decodeUint32(new Uint8Array(length)), NetlinkFormatError);
    if (length !== 1) assert.throws(() => decodeUint8(new Uint8Array(length)), NetlinkFormatError);
  }
});

test("untilNul() cuts at the first NUL, if there is one", () => {
  assert.deepEqual([...untilNul(Uint8Array.of(1, 2, 0, 3))], [1, 2]);
  assert.deepEqual([...untilNul(Uint8Array.of(1, 2))], [1, 2]);
});
