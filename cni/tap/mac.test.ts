import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { macFault, normalizeMac } from "./mac.ts";

describe("MAC addresses", () => {
  for (const text of ["02:00:AB:cd:00:01", "02-00-ab-CD-00-01", "0200.abcd.0001"]) {
    test(`normalizeMac() takes ${text}`, () => {
      assert.equal(normalizeMac(text), "02:00:ab:cd:00:01");
    });
  }

  for (const text of [
    "",
    "02:00:ab:cd:00",
    "02:00:ab:cd:00:01:02",
    "02:00-ab:cd:00:01",
    "0g:00:ab:cd:00:01",
    "0200abcd0001",
    "02:00:ab:cd:00:01\n",
  ]) {
    test(`normalizeMac() does not take ${JSON.stringify(text)}`, () => {
      assert.equal(normalizeMac(text), undefined);
    });
  }

  test("macFault() refuses zero and multicast", () => {
    assert.match(macFault("00:00:00:00:00:00") ?? "", /zero/);
    assert.match(macFault("01:00:5e:00:00:01") ?? "", /multicast/);
    assert.match(macFault("ff:ff:ff:ff:ff:ff") ?? "", /multicast/);
    assert.equal(macFault("02:00:00:00:00:01"), undefined);
  });

  test("normalizeMac() leaves its own result alone", () => {
    const octet = fc.integer({ min: 0, max: 255 }).map((n) => n.toString(16).padStart(2, "0"));
    fc.assert(
      fc.property(fc.array(octet, { minLength: 6, maxLength: 6 }), (octets) => {
        const mac = octets.join(":");
        assert.equal(normalizeMac(mac), mac);
        assert.equal(normalizeMac(octets.join("-").toUpperCase()), mac);
      }),
    );
  });
});
