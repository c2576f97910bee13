import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { createMemoryLog } from "../../test/fakes/memory-log.ts";
import { type ReconcileResult, runWorkers } from "./run-workers.ts";
import { TerminalError } from "./terminal-error.ts";
import { WorkQueue } from "./work-queue.ts";

function start(reconcile: (key: string) => Promise<ReconcileResult>) {
  const clock = new FakeClock();
  const queue = new WorkQueue<string>({ clock, random: () => 0 });
  const { log, lines } = createMemoryLog();
  const ended = runWorkers({ queue, workers: 2, reconcile, log });
  return { clock, queue, lines, ended };
}

describe("runWorkers()", () => {
  it("tries again with back-off after an error, and forgets it after a success", async () => {
    let calls = 0;
    const { clock, queue, ended, lines } = start(() => {
      calls += 1;
      return calls < 3 ? Promise.reject(new Error(`failure ${calls}`)) : Promise.resolve(undefined);
    });
    queue.add("a");
    await clock.advance(0);
    assert.deepEqual([calls, queue.failures("a"), clock.pendingMs], [1, 1, [5]]);
    await clock.advance(5);
    assert.deepEqual([calls, queue.failures("a"), clock.pendingMs], [2, 2, [10]]);
    await clock.advance(10);
    assert.deepEqual([calls, queue.failures("a"), clock.pendingMs], [3, 0, []]);
    assert.deepEqual(
      lines.map((line) => line["error"]),
      ["failure 1", "failure 2"],
    );
    await queue.shutDown();
    await ended;
  });

  it("does not try again after a TerminalError, and writes its reason down", async () => {
    const { clock, queue, ended, lines } = start(() => Promise.reject(new TerminalError("NoSuchKey", "no such key")));
    queue.add("a");
    await clock.advance(0);
    assert.deepEqual([queue.failures("a"), clock.pendingMs], [0, []]);
    assert.equal(lines[0]?.["reason"], "NoSuchKey");
    await queue.shutDown();
    await ended;
  });

  it("comes back when the reconcile asks for it", async () => {
    const { clock, queue, ended } = start(() => Promise.resolve({ requeueAfterMs: 5000 }));
    queue.add("a");
    await clock.advance(0);
    assert.deepEqual(clock.pendingMs, [5000]);
    await queue.shutDown();
    await ended;
  });

  it("survives a reconcile that throws before it returns a promise", async () => {
    const { clock, queue, ended } = start(() => {
      throw new Error("at once");
    });
    queue.add("a");
    await clock.advance(0);
    assert.equal(queue.failures("a"), 1);
    await queue.shutDown();
    await ended;
  });

  it("works on different keys at the same time", async () => {
    const gates = new Map<string, () => void>();
    const { clock, queue, ended } = start(async (key) => {
      await new Promise<void>((resolve) => gates.set(key, resolve));
      return undefined;
    });
    queue.add("a");
    queue.add("b");
    queue.add("c");
    await clock.advance(0);
    assert.deepEqual([...gates.keys()], ["a", "b"]);
    gates.get("b")?.();
    await clock.advance(0);
    assert.deepEqual([...gates.keys()], ["a", "b", "c"]);
    for (const open of gates.values()) {
      open();
    }
    await queue.shutDown();
    await ended;
  });
});
