import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { integerWithin, isJsonObject, memberOf, showJson } from "./json-object.ts";

describe("JSON objects", () => {
  test("isJsonObject() tells objects from all else", () => {
    assert.ok(isJsonObject({}));
    for (const value of [null, [], "x", 1, true, undefined]) assert.ok(!isJsonObject(value));
  });

  test("memberOf() takes any case and the last of several", () => {
    assert.equal(memberOf({ MTU: 1, Mtu: 2 }, "mtu"), 2);
    assert.equal(memberOf({ mtu: 1, mtus: 2 }, "MTU"), 1);
  });

  test("memberOf() sees own members only, and null as none", () => {
    const document: unknown = JSON.parse('{"__proto__":{"mtu":1400},"mac":null}');
    assert.ok(isJsonObject(document));
    for (const key of ["mtu", "mac", "constructor", "toString"]) assert.equal(memberOf(document, key), undefined);
    assert.deepEqual(memberOf(document, "__proto__"), { mtu: 1400 });
  });

  test("integerWithin() takes exact integers within the bounds only", () => {
    assert.equal(integerWithin(4, 1, 256), 4);
    for (const value of [0, 257, 1.5, Number.NaN, 2 ** 53, "4", null, true, [4]]) {
      assert.equal(integerWithin(value, 1, 256), undefined);
    }
  });

  test("showJson() is short for every value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ maxLength: 5000 }), (value, text) => {
        assert.ok(showJson(value).length <= 82);
        assert.ok(showJson(text).length <= 82);
      }),
    );
  });
});
