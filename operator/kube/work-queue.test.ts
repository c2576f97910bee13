import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { createMetricsRegistry } from "./metrics.ts";
import { WorkQueue } from "./work-queue.ts";

const keys = ["a", "b", "c"] as const;
type Key = (typeof keys)[number];

type Step =
  | { readonly kind: "add" | "done"; readonly key: Key }
  | { readonly kind: "addAfter"; readonly key: Key; readonly delayMs: number }
  | { readonly kind: "take" }
  | { readonly kind: "advance"; readonly byMs: number };

const key = fc.constantFrom(...keys);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("add" as const, "done" as const), key }),
  fc.record({ kind: fc.constant("addAfter" as const), key, delayMs: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ kind: fc.constant("take" as const) }),
  fc.record({ kind: fc.constant("advance" as const), byMs: fc.integer({ min: 0, max: 30 }) }),
);

/** What the contract says, written as simply as possible. */
class Model {
  nowMs = 0;
  waiting: Key[] = [];
  working = new Set<Key>();
  again = new Set<Key>();
  deadlines = new Map<Key, number>();
  takers = 0;
  taken: Key[] = [];

  apply(step: Step): void {
    switch (step.kind) {
      case "add":
        this.#add(step.key);
        break;
      case "done":
        if (this.working.delete(step.key) && this.again.delete(step.key)) {
          this.waiting.push(step.key);
        }
        break;
      case "addAfter":
        if (step.delayMs === 0) {
          this.#add(step.key);
        } else {
          const deadline = this.nowMs + step.delayMs;
          this.deadlines.set(step.key, Math.min(deadline, this.deadlines.get(step.key) ?? deadline));
        }
        break;
      case "take":
        this.takers += 1;
        break;
      case "advance":
        this.#advance(this.nowMs + step.byMs);
        break;
      default:
        step satisfies never;
    }
    this.#hand();
  }

  #advance(targetMs: number): void {
    const due = [...this.deadlines].filter(([, at]) => at <= targetMs).sort((a, b) => a[1] - b[1]);
    for (const [dueKey] of due) {
      this.deadlines.delete(dueKey);
      this.#add(dueKey);
    }
    this.nowMs = targetMs;
  }

  #add(added: Key): void {
    if (this.working.has(added)) {
      this.again.add(added);
    } else if (!this.waiting.includes(added)) {
      this.waiting.push(added);
    }
    this.#hand();
  }

  #hand(): void {
    while (this.takers > 0 && this.waiting.length > 0) {
      const next = this.waiting.shift();
      if (next !== undefined) {
        this.takers -= 1;
        this.working.add(next);
        this.taken.push(next);
      }
    }
  }
}

function makeQueue() {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue<string>({ clock, random: () => 0 }) };
}

describe("WorkQueue", () => {
  it("does what the model does, and never gives one key to two workers at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new FakeClock();
        const queue = new WorkQueue<Key>({ clock, random: () => 0 });
        const model = new Model();
        const taken: Key[] = [];
        const inWork = new Set<Key>();
        const take = async (): Promise<void> => {
          const got = await queue.take();
          assert.ok(got !== undefined && !inWork.has(got), "a key is given to one worker");
          inWork.add(got);
          taken.push(got);
        };
        for (const one of steps) {
          model.apply(one);
          switch (one.kind) {
            case "add":
              queue.add(one.key);
              break;
            case "done":
              inWork.delete(one.key);
              queue.done(one.key);
              break;
            case "addAfter":
              queue.addAfter(one.key, one.delayMs);
              break;
            case "take":
              void take();
              break;
            case "advance":
              await clock.advance(one.byMs);
              break;
            default:
              one satisfies never;
          }
          await clock.advance(0);
          assert.deepEqual([...taken].sort(), [...model.taken].sort());
          assert.deepEqual([...inWork].sort(), [...model.working].sort());
          assert.equal(queue.depth, model.waiting.length);
          assert.ok(queue.depth <= keys.length, "memory is bounded by distinct keys");
        }
      }),
      { numRuns: 300 },
    );
  });

  it("gives keys in the order in which they came", async () => {
    const { queue } = makeQueue();
    for (const added of ["a", "b", "a", "c"]) {
      queue.add(added);
    }
    assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ["a", "b", "c"]);
  });

  it("keeps the earliest of several deadlines", async () => {
    const { clock, queue } = makeQueue();
    queue.addAfter("a", 100);
    queue.addAfter("a", 10);
    queue.addAfter("a", 50);
    await clock.advance(10);
    assert.equal(queue.depth, 1);
    assert.deepEqual(clock.pendingMs, []);
  });

  it("retries failures after 5 ms doubled each time, and from the start after forget", async () => {
    const { clock, queue } = makeQueue();
    const delays: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      queue.addRateLimited("a");
      delays.push(clock.pendingMs[0] ?? Number.NaN);
      await clock.advance(1000);
      queue.done((await queue.take()) ?? "");
    }
    assert.deepEqual(delays, [5, 10, 20, 40]);
    assert.equal(queue.failures("a"), 4);
    queue.forget("a");
    queue.addRateLimited("a");
    assert.deepEqual(clock.pendingMs, [5]);
  });

  it("drains on shutDown: what waits is still done, what is delayed is dropped, nothing new is taken", async () => {
    const { clock, queue } = makeQueue();
    queue.add("working");
    assert.equal(await queue.take(), "working");
    queue.add("working"); // once more after done
    queue.add("waiting");
    queue.addAfter("delayed", 10);
    let isDrained = false;
    const drained = queue.shutDown().then(() => {
      isDrained = true;
    });
    queue.add("late");
    queue.addAfter("late", 1);
    queue.addRateLimited("late");
    await clock.advance(1000);
    assert.equal(await queue.take(), "waiting");
    queue.done("waiting");
    const last = queue.take();
    queue.done("working");
    assert.equal(await last, "working");
    const none = queue.take();
    await clock.advance(0);
    assert.equal(isDrained, false);
    queue.done("working");
    await drained;
    assert.equal(await none, undefined);
    assert.equal(await queue.take(), undefined);
    assert.deepEqual(clock.pendingMs, []);
  });

  it("ignores done for a key that is not being worked on", () => {
    const { queue } = makeQueue();
    queue.add("a");
    queue.done("a");
    assert.equal(queue.depth, 1);
  });

  it("counts under the names of Kubernetes' own controllers", async () => {
    const clock = new FakeClock();
    const registry = createMetricsRegistry();
    const queue = new WorkQueue<string>({ clock, random: () => 0, metrics: { registry, name: "things" } });
    queue.add("a");
    queue.add("b");
    await clock.advance(500);
    await queue.take();
    await clock.advance(2000);
    queue.addRateLimited("b");
    queue.add("a"); // being worked on: counts once, however often it comes
    queue.add("a");
    const text = registry.render();
    for (const line of [
      'workqueue_depth{name="things"} 1',
      'workqueue_adds_total{name="things"} 3',
      'workqueue_retries_total{name="things"} 1',
      'workqueue_queue_duration_seconds_sum{name="things"} 0.5',
      'workqueue_unfinished_work_seconds{name="things"} 2',
    ]) {
      assert.ok(text.split("\n").includes(line), `${line} in\n${text}`);
    }
  });
});
