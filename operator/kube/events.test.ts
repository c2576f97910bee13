import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../test/fakes/fake-clock.ts";
import { InMemoryApi } from "../../test/fakes/in-memory-api.ts";
import { createMemoryLog } from "../../test/fakes/memory-log.ts";
import { createEventRecorder, type NewEvent } from "./events.ts";
import { LeadershipLostError } from "./fenced-transport.ts";
import { isRecord } from "./object-meta.ts";
import { KubeApiError, type KubeRequest } from "./transport.ts";

const planned: NewEvent = {
  regarding: { apiVersion: "v1", kind: "Pod", namespace: "ns", name: "pod", uid: "u" },
  type: "Normal",
  reason: "Planned",
  action: "Plan",
  note: "8 -> 4",
};

function open(before: (request: KubeRequest) => void = () => undefined) {
  const clock = new FakeClock();
  const api = new InMemoryApi();
  const { log, lines } = createMemoryLog();
  let n = 0;
  const random = (): number => {
    n += 1;
    return (n % 1000) / 1000;
  };
  const recorder = createEventRecorder({
    transport: api.client({ before }),
    reportingController: "example.io/daemon",
    reportingInstance: "node-1",
    clock,
    random,
    log,
  });
  return {
    clock,
    api,
    lines,
    recorder,
    get events() {
      return [...api.objects.values()];
    },
    get counts() {
      return [...api.objects.values()].map(({ series }) => (isRecord(series) ? series["count"] : 1));
    },
  };
}

describe("createEventRecorder()", () => {
  it("writes an event with all that the API server requires", async () => {
    const bed = open();
    bed.recorder.record(planned);
    await bed.recorder.flush();
    const [event] = bed.events;
    const { metadata, ...rest } = event ?? {};
    assert.match(isRecord(metadata) ? String(metadata["name"]) : "", /^pod\.[0-9a-f]+$/);
    assert.deepEqual(rest, {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      eventTime: "2026-11-22T12:00:00.000000Z",
      reportingController: "example.io/daemon",
      reportingInstance: "node-1",
      action: "Plan",
      reason: "Planned",
      regarding: planned.regarding,
      related: undefined,
      type: "Normal",
      note: "8 -> 4",
    });
    assert.equal(bed.api.writes[0]?.path, "/apis/events.k8s.io/v1/namespaces/ns/events");
  });

  it("writes events on cluster-scoped objects to the namespace default", async () => {
    const bed = open();
    bed.recorder.record({ ...planned, regarding: { apiVersion: "v1", kind: "Node", name: "n1" } });
    await bed.recorder.flush();
    assert.equal(bed.api.writes[0]?.path, "/apis/events.k8s.io/v1/namespaces/default/events");
  });

  it("makes a count of what happens again: at once the second time, then once a minute", async () => {
    const bed = open();
    bed.recorder.record(planned);
    bed.recorder.record(planned);
    await bed.clock.advance(0);
    assert.deepEqual(bed.counts, [2]);
    for (let n = 0; n < 10; n += 1) {
      bed.recorder.record(planned);
      await bed.clock.advance(1000);
    }
    assert.deepEqual([bed.counts, bed.api.writes.length], [[2], 2]);
    await bed.clock.advance(60_000);
    assert.deepEqual([bed.counts, bed.api.writes.length], [[12], 3]);
  });

  it("writes counts held back when flushed", async () => {
    const bed = open();
    for (let n = 0; n < 5; n += 1) {
      bed.recorder.record(planned);
    }
    await bed.recorder.flush();
    assert.deepEqual(bed.counts, [5]);
    assert.deepEqual(bed.clock.pendingMs, []);
  });

  it("keeps events apart that differ in anything", async () => {
    const bed = open();
    for (const change of [{}, { note: "other" }, { reason: "Other" }, { type: "Warning" as const }, { action: "Do" }]) {
      bed.recorder.record({ ...planned, ...change });
    }
    await bed.recorder.flush();
    assert.deepEqual(bed.counts, [1, 1, 1, 1, 1]);
  });

  it("starts a new event when the last one is long ago", async () => {
    const bed = open();
    bed.recorder.record(planned);
    await bed.clock.advance(6 * 60_000);
    bed.recorder.record(planned);
    await bed.recorder.flush();
    assert.deepEqual(bed.counts, [1, 1]);
  });

  it("starts a new event when the API server has forgotten the old one", async () => {
    const bed = open();
    bed.recorder.record(planned);
    await bed.recorder.flush();
    bed.api.objects.clear();
    bed.recorder.record(planned);
    await bed.recorder.flush();
    bed.recorder.record(planned);
    await bed.recorder.flush();
    assert.deepEqual(bed.counts, [1]);
  });

  it("tries again while the API server is down, and gives up after five tries", async () => {
    let failing = 0;
    const bed = open(() => {
      failing -= 1;
      if (failing >= 0) {
        throw new KubeApiError({ status: 503, reason: "ServiceUnavailable", message: "down" });
      }
    });
    failing = 4;
    bed.recorder.record(planned);
    await bed.clock.advance(60_000);
    assert.deepEqual(bed.counts, [1]);
    failing = 5;
    bed.recorder.record({ ...planned, note: "lost" });
    await bed.clock.advance(60_000);
    assert.deepEqual(bed.counts, [1]);
    assert.ok(bed.lines.some((line) => line["msg"] === "cannot write event, giving it up" && line["tries"] === 5));
  });

  it("holds nobody up longer than five seconds when flushed while the API server is down", async () => {
    const bed = open(() => {
      throw new KubeApiError({ status: 503, reason: "ServiceUnavailable", message: "down" });
    });
    bed.recorder.record(planned);
    let isFlushed = false;
    const flushed = bed.recorder.flush().then(() => {
      isFlushed = true;
    });
    await bed.clock.advance(4_999);
    assert.equal(isFlushed, false);
    await bed.clock.advance(1);
    await flushed;
  });

  it("does not try again what a former leader wanted to say", async () => {
    const bed = open(() => {
      throw new LeadershipLostError("lost");
    });
    bed.recorder.record(planned);
    await bed.recorder.flush();
    assert.equal(bed.lines[0]?.["tries"], 1);
    assert.deepEqual(bed.clock.pendingMs, []);
  });

  it("does not try again what is refused", async () => {
    let tries = 0;
    const bed = open(() => {
      tries += 1;
      throw new KubeApiError({ status: 403, reason: "Forbidden", message: "no" });
    });
    bed.recorder.record(planned);
    await bed.recorder.flush();
    assert.equal(tries, 1);
  });

  it("drops the rest when one object has too many different events", async () => {
    const bed = open();
    for (let n = 0; n < 40; n += 1) {
      bed.recorder.record({ ...planned, note: `note ${n}` });
    }
    bed.recorder.record({ ...planned, regarding: { ...planned.regarding, name: "other" } });
    await bed.recorder.flush();
    assert.equal(bed.events.length, 26);
    assert.ok(bed.lines.some((line) => line["dropped"] === 15));
  });

  it("is bounded while nothing can be written", async () => {
    const bed = open(() => {
      throw new KubeApiError({ status: 503, reason: "ServiceUnavailable", message: "down" });
    });
    for (let n = 0; n < 5000; n += 1) {
      bed.recorder.record({ ...planned, regarding: { ...planned.regarding, name: `pod-${n}` } });
    }
    await bed.clock.advance(100 * 3_600_000);
    assert.ok(bed.lines.some((line) => line["dropped"] === 4000));
  });

  it("cuts a note at 1024 bytes, never within a character", async () => {
    const bed = open();
    bed.recorder.record({ ...planned, note: `x${"ü".repeat(1000)}` });
    await bed.recorder.flush();
    assert.equal(bed.events[0]?.["note"], `x${"ü".repeat(511)}`);
  });

  it("names an event on an object with a very long name", async () => {
    const bed = open();
    bed.recorder.record({ ...planned, regarding: { ...planned.regarding, name: "n".repeat(253) } });
    await bed.recorder.flush();
    const metadata = bed.events[0]?.["metadata"];
    assert.equal(isRecord(metadata) ? String(metadata["name"]).length : 0, 253);
  });
});
