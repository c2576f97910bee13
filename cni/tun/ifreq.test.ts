import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, IFF_TUN_EXCL } from "./constants.ts";
import { encodeIfreq } from "./ifreq.ts";
import { linkNameBytes } from "./link-name.ts";

test("encodeIfreq() lays a request out as linux/if.h has it", () => {
  const hex = Buffer.from(encodeIfreq("tap0", IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_TUN_EXCL)).toString("hex");
  assert.equal(hex, `${"74617030".padEnd(32, "0")}0291${"".padEnd(44, "0")}`);
});

test("encodeIfreq() keeps every name's bytes and every flag, for any name that a link can have", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 16 }), fc.nat(0xffff), (name, flags) => {
      const expected = new TextEncoder().encode(name);
      if (linkNameBytes(name) === undefined) {
        assert.throws(() => encodeIfreq(name, flags), RangeError);
        return;
      }
      const ifreq = Buffer.from(encodeIfreq(name, flags));
      assert.equal(ifreq.length, 40);
      assert.deepEqual([...ifreq.subarray(0, expected.length)], [...expected]);
      assert.ok(ifreq.subarray(expected.length, 16).every((byte) => byte === 0));
      assert.equal(ifreq.readUInt16LE(16), flags);
    }),
  );
});

test("encodeIfreq() refuses flags that have no room", () => {
  for (const flags of [-1, 0x1_0000, 1.5, Number.NaN]) assert.throws(() => encodeIfreq("tap0", flags), RangeError);
});

const names: Record<string, { readonly name: string; readonly isPossible: boolean }> = {
  "15 bytes": { name: "abcdefghijklmno", isPossible: true },
  "a hyphen, a dot and odd characters": { name: "-a.b;$", isPossible: true },
  "15 bytes of which some are no ASCII": { name: "äöü-abcdefgh", isPossible: true },
  nothing: { name: "", isPossible: false },
  "16 bytes": { name: "abcdefghijklmnop", isPossible: false },
  "15 characters of 16 bytes": { name: "äbcdefghijklmno", isPossible: false },
  "a template": { name: "tap%d", isPossible: false },
  "a slash": { name: "a/b", isPossible: false },
  "a colon": { name: "a:1", isPossible: false },
  "a blank": { name: "a b", isPossible: false },
  "a NUL": { name: "a\0b", isPossible: false },
  "a lone surrogate": { name: "a\ud800", isPossible: false },
  dot: { name: ".", isPossible: false },
  "dot dot": { name: "..", isPossible: false },
};

for (const [title, { name, isPossible }] of Object.entries(names)) {
  test(`linkNameBytes() ${isPossible ? "accepts" : "refuses"} ${title}`, () => {
    assert.equal(linkNameBytes(name) !== undefined, isPossible);
  });
}
