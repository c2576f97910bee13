// What the reflector does about everything that goes wrong between it and the API server.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../test/fakes/eventually.ts";
import { ReflectorBed, thing } from "../../test/fakes/reflector-bed.ts";

describe("startReflector(), when things go wrong,", () => {
  it("lists again after a 410, without waiting the first time, and tells what is gone meanwhile", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([thing("a", 1, 3), thing("b", 1)], "1");
    watch.event("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old" });
    const list = await bed.server.next();
    assert.equal(list.isWatch, false);
    list.answerList([thing("b", 1), thing("c", 8)], "9");
    await bed.watching();
    assert.deepEqual(bed.changes.slice(2), ["-a:3", "+b:1>1", "+c:1"]);
  });

  it("lists again after a 410 in answer to the watch, and waits when it happens again", async () => {
    await using bed = await ReflectorBed.open();
    (await bed.server.next()).answerList([], "1");
    (await bed.server.next()).answerStatus(410, "Expired");
    (await bed.server.next()).answerList([], "2");
    (await bed.server.next()).answerStatus(410, "Expired");
    await bed.backoff(1600);
    assert.equal((await bed.server.next()).isWatch, false);
  });

  it("starts the list over without pages when the page token expires", async () => {
    await using bed = await ReflectorBed.open();
    (await bed.server.next()).answerList([thing("a", 1)], "1", "token");
    (await bed.server.next()).answerStatus(410, "Expired");
    const whole = await bed.server.next();
    assert.deepEqual([whole.query.get("limit"), whole.query.get("continue")], [null, null]);
    whole.answerList([thing("b", 2)], "2");
    await bed.watching();
    assert.deepEqual(bed.names, ["b"]);
  });

  it("backs off after a failing list: 0.8 s, then twice as long", async () => {
    await using bed = await ReflectorBed.open();
    (await bed.server.next()).answerStatus(500, "InternalError");
    await bed.backoff(800);
    (await bed.server.next()).reset();
    (await bed.server.next()).reset(); // the transport's own second try
    await bed.backoff(1600);
    (await bed.server.next()).answer(200, "<html>", {});
    await bed.backoff(3200);
    await bed.listed([thing("a", 1)], "1");
    assert.deepEqual(bed.names, ["a"]);
  });

  it("waits as long as Retry-After asks, and goes on from the last version", async () => {
    await using bed = await ReflectorBed.open();
    (await bed.server.next()).answerList([thing("a", 1)], "5");
    (await bed.server.next()).answerStatus(429, "TooManyRequests", { "retry-after": "17" });
    await bed.backoff(17_000);
    const watch = await bed.server.next();
    assert.deepEqual([watch.isWatch, watch.query.get("resourceVersion")], [true, "5"]);
  });

  it("goes on from the last version after a server error, and lists again after five", async () => {
    await using bed = await ReflectorBed.open();
    (await bed.server.next()).answerList([thing("a", 1)], "5");
    for (const delayMs of [800, 1600, 3200, 6400, 12_800]) {
      const watch = await bed.server.next();
      assert.deepEqual([watch.isWatch, watch.query.get("resourceVersion")], [true, "5"]);
      watch.answerStatus(500, "InternalError");
      await bed.backoff(delayMs);
    }
    assert.equal((await bed.server.next()).isWatch, false);
    assert.deepEqual(bed.names, ["a"], "what is known stays known");
  });

  it("takes an ERROR event for a failure", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([], "1");
    watch.event("ERROR", { kind: "Status", code: 500, reason: "InternalError", message: "etcd is gone" });
    await bed.backoff(800);
    assert.equal((await bed.server.next()).isWatch, true);
    assert.ok(bed.log.lines.some((line) => line["error"] === "etcd is gone"));
  });

  it("keeps what came before a reset within a line, and goes on from there", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([], "1");
    watch.event("ADDED", thing("a", 2));
    watch.raw('{"type":"ADDED","object":{"metada');
    await eventually("the event", () => bed.names.length === 1);
    watch.reset();
    await bed.backoff(800);
    const next = await bed.server.next();
    assert.deepEqual([next.isWatch, next.query.get("resourceVersion")], [true, "2"]);
  });

  it("lists again after a frame that is not JSON", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([thing("a", 1)], "1");
    watch.raw("<html>\n");
    await bed.backoff(800);
    assert.equal((await bed.server.next()).isWatch, false);
    assert.deepEqual(bed.names, ["a"]);
  });

  it("gives a silent connection up after two minutes, counted from the last frame", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([], "1");
    await bed.clock.advance(119_000);
    watch.event("BOOKMARK", { metadata: { resourceVersion: "2" } });
    await eventually("the silence to start anew", () => bed.clock.pendingMs.includes(120_000));
    await bed.clock.advance(119_999);
    assert.equal(bed.reflector.health().connected, true);
    await bed.clock.advance(1);
    await eventually("the connection to be given up", () => watch.isAbandoned);
    await bed.backoff(800);
    assert.equal((await bed.server.next()).query.get("resourceVersion"), "2");
  });

  it("gives a watch up that outlives its own time limit by five seconds", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([], "1");
    for (let version = 2; version <= 5; version += 1) {
      await bed.clock.advance(100_000);
      watch.event("BOOKMARK", { metadata: { resourceVersion: String(version) } });
      await eventually("the silence to start anew", () => bed.clock.pendingMs.includes(120_000));
    }
    await bed.clock.advance(54_999); // 450 s + 5 s, less 1 ms
    assert.equal(bed.reflector.health().connected, true);
    await bed.clock.advance(1);
    await eventually("the connection to be given up", () => watch.isAbandoned);
  });

  it("gives up an answer whose head never comes", async () => {
    await using bed = await ReflectorBed.open();
    (await bed.server.next()).answerList([], "1");
    const watch = await bed.server.next();
    await bed.clock.advance(30_000);
    await eventually("the connection to be given up", () => watch.isAbandoned);
    await bed.backoff(800);
    assert.equal((await bed.server.next()).isWatch, true);
  });

  it("does not ask in a hot loop when the server ends each watch at once", async () => {
    await using bed = await ReflectorBed.open();
    (await bed.server.next()).answerList([], "1");
    for (const delayMs of [800, 1600, 3200]) {
      const watch = await bed.server.next();
      watch.openWatch();
      watch.end();
      await bed.backoff(delayMs);
    }
  });
});
