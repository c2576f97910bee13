import { test } from "node:test";
import fc from "fast-check";
import { decide, noLimits } from "../../../test/agent/queue-decisions.ts";
import type { QueueDecision } from "./queues.ts";

const cap = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
const anyQuestion = fc.record({
  cores: fc.integer({ min: 1, max: 400 }),
  nics: fc.integer({ min: 1, max: 12 }),
  maxQueues: fc.option(fc.integer({ min: 2, max: 256 }), { nil: undefined }),
  maxQueuesPerVm: fc.option(fc.integer({ min: 2, max: 4096 }), { nil: undefined }),
  kernelLimit: cap,
  networkMaxQueues: cap,
  annotation: cap,
  pod: fc.record({ hasHook: fc.boolean(), isMigrationTarget: fc.boolean(), isRunning: fc.boolean() }),
  enforcement: fc.constantFrom("Advisory" as const, "BestEffort" as const),
});
type AnyQuestion = typeof anyQuestion extends fc.Arbitrary<infer Q> ? Q : never;

function decideAny(q: AnyQuestion): QueueDecision {
  const { maxQueues, maxQueuesPerVm, kernelLimit, enforcement, pod, networkMaxQueues } = q;
  const annotations = q.annotation === undefined ? {} : { "mqtap.io/max-queues": String(q.annotation) };
  return decide(
    { limits: { ...noLimits, maxQueues, maxQueuesPerVm, kernelLimit, enforcement }, pod, networkMaxQueues },
    { cores: q.cores, nics: Array.from({ length: q.nics }, () => ({})), annotations },
  );
}

test("decideQueues() is never above k, and never below 2 where k is above 1", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { queues, wanted } = decideAny(question);
      return queues <= wanted && (wanted === 1 ? queues === 1 : queues >= 2);
    }),
  );
});

test("decideQueues() never changes whether a tap has several queues", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { queues, wanted } = decideAny(question);
      return queues > 1 === wanted > 1;
    }),
  );
});

test("decideQueues() equals k where nothing rewrites the domain", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { queues, wanted, obstacle } = decideAny(question);
      return obstacle === undefined || queues === wanted;
    }),
  );
});

test("decideQueues() is monotone in every cap", () => {
  const field = fc.constantFrom("maxQueues", "maxQueuesPerVm", "kernelLimit", "networkMaxQueues", "annotation");
  fc.assert(
    fc.property(anyQuestion, field, fc.nat({ max: 200 }), (question, name, more) => {
      const higher = { ...question, [name]: question[name] === undefined ? undefined : question[name] + more };
      const lifted = { ...question, [name]: undefined };
      const { queues } = decideAny(question);
      return queues <= decideAny(higher).queues && queues <= decideAny(lifted).queues;
    }),
  );
});

test("decideQueues() names a deciding cap exactly where it lowers or would lower", () => {
  fc.assert(
    fc.property(anyQuestion, (question) => {
      const { kind, deciding } = decideAny(question);
      return kind === "full" ? deciding.every(({ value }) => value < 2) || deciding.length === 0 : deciding.length > 0;
    }),
  );
});
