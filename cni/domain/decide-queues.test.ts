import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decideQueues, type QueueDecision } from "./decide-queues.ts";

const multi = { isMultiQueue: true } as const;
const single = { isMultiQueue: false } as const;
const alias = (queues: number) => ({ alias: { mode: "adopted", queues } }) as const;
const noAlias = { alias: undefined } as const;
const lower = (to: number, by: "alias" | "annotation" = "alias"): QueueDecision => ({ kind: "lower", to, by });
const keep: QueueDecision = { kind: "keep" };

describe("decideQueues() on a domain with 8 queues", () => {
  type Facts = Parameters<typeof decideQueues>[0];
  const cases: Readonly<Record<string, { in: Pick<Facts, "tap" | "annotationCap">; out: QueueDecision | RegExp }>> = {
    "lowers to the alias": { in: { tap: { ...alias(4), ...multi }, annotationCap: undefined }, out: lower(4) },
    "lowers to the alias although an annotation is lower: the agent knew it": {
      in: { tap: { ...alias(4), ...multi }, annotationCap: 2 },
      out: lower(4),
    },
    "keeps what the alias says": { in: { tap: { ...alias(8), ...multi }, annotationCap: 2 }, out: keep },
    "lowers to 1 where the tap is for one": {
      in: { tap: { ...alias(1), ...single }, annotationCap: undefined },
      out: lower(1),
    },
    "does not lower to 1 where the tap is for several": {
      in: { tap: { ...alias(1), ...multi }, annotationCap: undefined },
      out: /"tap0" is a tap for several queues and would refuse 1/,
    },
    "does not lower to 1 where the tap's kind is unknown": {
      in: { tap: { ...alias(1), isMultiQueue: undefined }, annotationCap: undefined },
      out: /would refuse 1/,
    },
    "does not lower to 4 where the tap is for one": {
      in: { tap: { ...alias(4), ...single }, annotationCap: undefined },
      out: /"tap0" is a tap for one queue and would refuse 4/,
    },
    "never raises: an alias that says more is not used": {
      in: { tap: { ...alias(256), ...multi }, annotationCap: undefined },
      out: /says 256, more than the domain's 8/,
    },
    "takes the annotation where the alias says more": {
      in: { tap: { ...alias(256), ...multi }, annotationCap: 3 },
      out: lower(3, "annotation"),
    },
    "takes the annotation where there is no alias": {
      in: { tap: { ...noAlias, ...multi }, annotationCap: 3 },
      out: lower(3, "annotation"),
    },
    "takes the annotation where there is no tap": {
      in: { tap: undefined, annotationCap: 3 },
      out: lower(3, "annotation"),
    },
    "keeps what the annotation allows": { in: { tap: { ...noAlias, ...multi }, annotationCap: 8 }, out: keep },
    "never raises: an annotation that allows more": { in: { tap: undefined, annotationCap: 999_999 }, out: keep },
    "does not lower a tap for one to the annotation": {
      in: { tap: { ...noAlias, ...single }, annotationCap: 3 },
      out: /would refuse 3/,
    },
    "leaves it where nobody says anything": {
      in: { tap: { ...noAlias, ...multi }, annotationCap: undefined },
      out: /"tap0" has no alias of mqtap: let the node/,
    },
  };
  for (const [title, { in: facts, out }] of Object.entries(cases)) {
    test(title, () => {
      const decision = decideQueues({ queues: 8, tapName: "tap0", ...facts });
      if (!(out instanceof RegExp)) return assert.deepEqual(decision, out);
      assert.equal(decision.kind, "leave");
      return assert.match(decision.kind === "leave" ? decision.why : "", out);
    });
  }
});
