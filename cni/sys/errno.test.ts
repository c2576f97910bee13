import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { errnoName, errnoNumber } from "./errno.ts";

// A second name for the same number, and the one that the kernel's headers define first.
const aliases: Record<string, string> = { EWOULDBLOCK: "EAGAIN", ENOTSUP: "EOPNOTSUPP", EDEADLOCK: "EDEADLK" };

test("errnoName() and errnoNumber() agree with the numbers of the machine's own headers", () => {
  const known = Object.entries(constants.errno);
  assert.ok(known.length > 70);
  for (const [name, errno] of known) {
    const canonical = aliases[name] ?? name;
    assert.equal(errnoName(errno), canonical);
    assert.equal(errnoNumber(canonical), errno);
  }
});

test("errnoName() keeps a number that has no name", () => {
  for (const errno of [-1, 0, 41, 58, 134, 524]) assert.equal(errnoName(errno), `errno ${errno}`);
});

test("errnoNumber() refuses what is no name of an error", () => {
  for (const code of ["", "0", "41", "EWHATEVER", "busy"]) assert.throws(() => errnoNumber(code), RangeError);
});
