import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../test/fakes/eventually.ts";
import { ReflectorBed, thing } from "../../test/fakes/reflector-bed.ts";

describe("startReflector()", () => {
  it("lists in pages of 500, then watches with bookmarks and a time limit from the list's version", async () => {
    await using bed = await ReflectorBed.open({ labelSelector: "x=y" });
    const first = await bed.server.next();
    assert.deepEqual(Object.fromEntries(first.query), {
      labelSelector: "x=y",
      limit: "500",
    });
    first.answerList([thing("a", 1)], "7", "next");
    const second = await bed.server.next();
    assert.equal(second.query.get("continue"), "next");
    assert.equal(bed.reflector.store.size, 0, "nothing is stored before the list is complete");
    second.answerList([thing("b", 2)], "7");
    const watch = await bed.watching();
    assert.deepEqual(Object.fromEntries(watch.query), {
      labelSelector: "x=y",
      watch: "true",
      allowWatchBookmarks: "true",
      timeoutSeconds: "450",
      resourceVersion: "7",
    });
    assert.deepEqual(bed.names, ["a", "b"]);
    assert.deepEqual(bed.reflector.health(), {
      synced: true,
      connected: true,
      failures: 0,
      lists: 1,
      watches: 1,
      parseFailures: 0,
      lastError: undefined,
    });
  });

  it("reads one object by its name and watches only that from the newest version, which needs no right to list", async () => {
    await using bed = await ReflectorBed.open({ name: "a" });
    const read = await bed.server.next();
    assert.equal(read.path, "/apis/test/v1/things/a");
    read.answer(200, thing("a", 3));
    const watch = await bed.watching();
    assert.deepEqual([watch.path, watch.query.get("fieldSelector")], ["/apis/test/v1/things", "metadata.name=a"]);
    assert.equal(watch.query.has("resourceVersion"), false);
    watch.event("ADDED", thing("a", 3));
    watch.event("MODIFIED", thing("a", 4));
    await eventually("the modified object", () => bed.reflector.store.get("a")?.resourceVersion === "4");
    watch.end();
    const next = await bed.server.next();
    assert.deepEqual([next.isWatch, next.query.get("resourceVersion")], [true, "4"]);
  });

  it("takes an object that is not there for an empty list and waits for it", async () => {
    await using bed = await ReflectorBed.open({ name: "a" });
    (await bed.server.next()).answerStatus(404, "NotFound");
    const watch = await bed.watching();
    await bed.reflector.synced;
    assert.equal(bed.reflector.store.size, 0);
    watch.event("ADDED", thing("a", 9));
    await eventually("the object", () => bed.names.includes("a"));
  });

  it("resolves synced after the changes of the first list were handed out", async () => {
    await using bed = await ReflectorBed.open();
    (await bed.server.next()).answerList([thing("a", 1)], "1");
    await bed.reflector.synced;
    assert.deepEqual(bed.changes, ["+a:1"]);
  });

  it("follows added, modified and deleted objects", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([thing("a", 1)], "1");
    watch.event("ADDED", thing("b", 2));
    watch.event("MODIFIED", thing("a", 3, 5));
    watch.event("DELETED", thing("b", 4, 9));
    await eventually("four changes", () => bed.changes.length === 4);
    assert.deepEqual(bed.changes, ["+a:1", "+b:1", "+a:1>5", "-b:1"]);
    assert.deepEqual(bed.names, ["a"]);
  });

  it("stores frozen projections", async () => {
    await using bed = await ReflectorBed.open();
    await bed.listed([thing("a", 1)], "1");
    assert.ok(Object.isFrozen(bed.reflector.store.get("a")));
  });

  it("goes on at once from the last version, bookmarks included, when the server ends a watch in order", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([], "1");
    watch.event("BOOKMARK", { metadata: { resourceVersion: "50" } });
    watch.end();
    const next = await bed.server.next();
    assert.deepEqual([next.isWatch, next.query.get("resourceVersion")], [true, "50"]);
  });

  it("reports an object that it cannot parse and keeps what it knew of it", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([thing("a", 1), thing("bad", 1, "big")], "1");
    assert.deepEqual(bed.names, ["a"]);
    watch.event("MODIFIED", thing("a", 2, "big"));
    watch.event("ADDED", thing("c", 3));
    await eventually("the event after the bad one", () => bed.names.includes("c"));
    assert.equal(bed.reflector.store.get("a")?.size, 1);
    assert.equal(bed.reflector.health().parseFailures, 2);
    watch.event("ERROR", { code: 410 });
    (await bed.server.next()).answerList([thing("a", 4, "big")], "9");
    await bed.watching();
    assert.deepEqual(bed.names, ["a"], "also when listing again");
    assert.ok(bed.log.lines.some((line) => line["object"] === "/bad" && line["error"] === "size is not a number"));
  });

  it("drops an object that is no longer of interest", async () => {
    await using bed = await ReflectorBed.open();
    const watch = await bed.listed([thing("a", 1)], "1");
    watch.event("MODIFIED", thing("a", 2, -1));
    await eventually("the change", () => bed.changes.length === 2);
    assert.deepEqual(bed.changes, ["+a:1", "-a:1"]);
  });

  it("tells nothing when the projection is the same, but stores the newer one", async () => {
    await using bed = await ReflectorBed.open({ isSame: (a, b) => a.size === b.size });
    const watch = await bed.listed([thing("a", 1)], "1");
    watch.event("MODIFIED", thing("a", 2));
    watch.event("MODIFIED", thing("a", 3, 7));
    await eventually("the change", () => bed.changes.length === 2);
    assert.deepEqual(bed.changes, ["+a:1", "+a:1>7"]);
    assert.equal(bed.reflector.store.get("a")?.resourceVersion, "3");
  });

  const throwing = {
    "survives a receiver that throws": () => {
      throw new Error("receiver");
    },
    "survives a receiver that rejects": () => Promise.reject(new Error("receiver")),
  };
  for (const [sentence, onChange] of Object.entries(throwing)) {
    it(sentence, async () => {
      await using bed = await ReflectorBed.open({ onChange });
      const watch = await bed.listed([thing("a", 1)], "1");
      watch.event("ADDED", thing("b", 2));
      await eventually("both complaints", () => bed.log.lines.filter((l) => l["error"] === "receiver").length === 2);
      assert.deepEqual(bed.names, ["a", "b"]);
    });
  }

  it("ends at once when told to, in whatever state, and leaves no connection", async () => {
    const bed = await ReflectorBed.open();
    const watch = await bed.listed([], "1");
    await bed.stop();
    await eventually("the connection to end", () => watch.isAbandoned);
    await bed[Symbol.asyncDispose]();

    const waiting = await ReflectorBed.open();
    (await waiting.server.next()).answerStatus(500, "InternalError");
    await eventually("a back-off", () => waiting.clock.pendingMs.includes(800));
    await waiting.stop();
    await assert.rejects(waiting.reflector.synced, /stopped/);
    await waiting[Symbol.asyncDispose]();
  });
});
