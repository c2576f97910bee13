import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backoffDelayMs } from "./backoff.ts";
import { KubeApiError } from "./transport.ts";

const tooMany = new KubeApiError({ status: 429, reason: "TooManyRequests", message: "later", retryAfterMs: 7000 });

describe("backoffDelayMs()", () => {
  const cases = {
    "starts at 0.8 s": { failures: 1, random: 0.5, expected: 800 },
    "doubles with each failure": { failures: 3, random: 0.5, expected: 3200 },
    "stops at 30 s": { failures: 7, random: 0.5, expected: 30_000 },
    "stays finite after very many failures": { failures: 100_000, random: 0.5, expected: 30_000 },
    "takes off half at most": { failures: 1, random: 0, expected: 400 },
    "adds half at most": { failures: 7, random: 0.999, expected: 44_970 },
    "waits at least as long as Retry-After asks": { failures: 1, random: 0.5, error: tooMany, expected: 7000 },
    "may wait longer than Retry-After asks": { failures: 7, random: 0.5, error: tooMany, expected: 30_000 },
  };
  for (const [sentence, { failures, random, expected, ...rest }] of Object.entries(cases)) {
    it(sentence, () => {
      const error = "error" in rest ? rest.error : undefined;
      assert.equal(
        backoffDelayMs(failures, () => random, error),
        expected,
      );
    });
  }
});
