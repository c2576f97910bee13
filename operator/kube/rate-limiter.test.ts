import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createRateLimiter } from "./rate-limiter.ts";

describe("createRateLimiter()", () => {
  it("doubles from 5 ms up to five minutes", () => {
    const limiter = createRateLimiter<string>(() => 0);
    const delays = Array.from({ length: 20 }, () => limiter.next("a"));
    assert.deepEqual(delays.slice(0, 5), [5, 10, 20, 40, 80]);
    assert.equal(delays[15], 163_840);
    assert.equal(delays[16], 300_000);
    assert.equal(delays[19], 300_000);
  });

  it("counts each key for itself", () => {
    const limiter = createRateLimiter<string>(() => 0);
    limiter.next("a");
    limiter.next("a");
    assert.equal(limiter.next("b"), 5);
    limiter.forget("a");
    assert.equal(limiter.failures("a"), 0);
    assert.equal(limiter.next("a"), 5);
  });

  it("takes off a fifth at most, at random", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 100 }), (random, n) => {
        const limiter = createRateLimiter<string>(() => random);
        const steady = createRateLimiter<string>(() => 0);
        for (let i = 0; i < n; i += 1) {
          limiter.next("a");
          steady.next("a");
        }
        const [jittered, full] = [limiter.next("a"), steady.next("a")];
        assert.ok(jittered <= full && jittered >= full * 0.8);
      }),
    );
  });
});
