import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ceilQuantity } from "./quantity.ts";

for (const [text, value] of Object.entries({
  "2": 2n,
  "2200m": 3n,
  "100m": 1n,
  "0.5": 1n,
  ".5": 1n,
  "1.": 1n,
  "0": 0n,
  "0m": 0n,
  "1e3": 1000n,
  "1E3": 1000n,
  "1E": 10n ** 18n,
  "15e-1": 2n,
  "1k": 1000n,
  "1Ki": 1024n,
  "1.5Ki": 1536n,
  "0.1Ki": 103n,
  "2Mi": 2n ** 21n,
  "1n": 1n,
  "1000000000n": 1n,
  "4000000u": 4n,
  "+3": 3n,
  "-2500m": -2n,
  // forms that the CRD's pattern keeps out and Kubernetes' parser takes
  " 2 ": 2n,
  ".": 0n,
  m: 0n,
  "+": 0n,
  e3: 0n,
  "2e0001": 20n,
})) {
  test(`ceilQuantity() reads "${text}" as ${value}`, () => assert.equal(ceilQuantity(text), value));
}

test("ceilQuantity() takes a JSON number as Kubernetes does", () => {
  assert.equal(ceilQuantity(2), 2n);
  assert.equal(ceilQuantity(1.2), 2n);
});

for (const text of ["", " ", "1x", "1 Gi", "1e", "0x10", "1e3m", "1e1.5", "1Kim", "--1", "NaN", "1e9999"]) {
  test(`ceilQuantity() refuses "${text}"`, () => assert.throws(() => ceilQuantity(text), RangeError));
}

test("ceilQuantity() of milli-units is the ceiling of a thousandth", () => {
  fc.assert(fc.property(fc.nat(), (milli) => ceilQuantity(`${milli}m`) === BigInt(Math.ceil(milli / 1000))));
});

test("ceilQuantity() throws nothing but RangeError, whatever the text", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        ceilQuantity(text);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
  );
});
