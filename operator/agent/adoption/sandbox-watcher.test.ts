import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { cacheEntry, FakeCacheDirectory } from "../../../test/fakes/fake-cache-directory.ts";
import { FakeClock } from "../../../test/fakes/fake-clock.ts";
import { createMemoryLog } from "../../../test/fakes/memory-log.ts";
import { SandboxWatcher } from "./sandbox-watcher.ts";

function bed(t: TestContext, directory = new FakeCacheDirectory()) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const { log, lines } = createMemoryLog();
  const told: string[] = [];
  const watcher = new SandboxWatcher({
    ...{ directory, path: "/cache", clock, log, signal: stop.signal },
    onEntry: ({ containerId }) => told.push(`+${containerId}`),
    onGone: (containerId) => told.push(`-${containerId}`),
  });
  const ended = watcher.run();
  t.after(async () => {
    stop.abort();
    await ended;
    assert.equal(directory.isWatched, false);
  });
  const warnings = (): readonly unknown[] => lines.filter(({ level }) => level === "warn").map(({ msg }) => msg);
  return { directory, clock, told, watcher, warnings };
}

describe("SandboxWatcher", () => {
  test("tells what is there at the start, and what is written later, at once", async (t) => {
    const directory = new FakeCacheDirectory();
    directory.write("net-c1-eth0", cacheEntry());
    directory.write("net-c9-eth0", cacheEntry({ containerId: "c9", podName: "web-0" }));
    const { clock, told } = bed(t, directory);
    await clock.advance(0);
    directory.write("net-c2-eth0", cacheEntry({ containerId: "c2" }));
    await clock.advance(0);
    assert.deepEqual(told, ["+c1", "+c2"]);
  });

  test("finds within ten seconds what inotify lost, and reads nothing twice", async (t) => {
    const { directory, clock, told } = bed(t);
    await clock.advance(0);
    directory.write("net-c1-eth0", cacheEntry(), { isNoticed: false });
    await clock.advance(9_999);
    assert.deepEqual(told, []);
    await clock.advance(1);
    assert.deepEqual(told, ["+c1"]);
    await clock.advance(60_000);
    assert.deepEqual([told, directory.reads], [["+c1"], 1]);
  });

  test("a sandbox is gone with its last entry", async (t) => {
    const { directory, clock, told } = bed(t);
    await clock.advance(0);
    directory.write("net-c1-eth0", cacheEntry());
    directory.write("blue-c1-pod1", cacheEntry({ ifName: "pod1" }));
    await clock.advance(0);
    directory.remove("net-c1-eth0");
    await clock.advance(0);
    assert.deepEqual(told, ["+c1", "+c1"]);
    directory.remove("blue-c1-pod1", { isNoticed: false });
    await clock.advance(10_000);
    assert.deepEqual(told, ["+c1", "+c1", "-c1"]);
  });

  test("an entry that is half written is read when it is whole, without a word", async (t) => {
    const { directory, clock, told, warnings } = bed(t);
    await clock.advance(0);
    directory.write("net-c1-eth0", "");
    await clock.advance(0);
    directory.write("net-c1-eth0", cacheEntry().slice(0, 40));
    await clock.advance(0);
    directory.write("net-c1-eth0", cacheEntry());
    await clock.advance(60_000);
    assert.deepEqual([told, warnings()], [["+c1"], []]);
  });

  test("an entry that stays unusable is said once, and does not hide the others", async (t) => {
    const directory = new FakeCacheDirectory();
    directory.write("a", "{");
    directory.write("b", JSON.stringify({ kind: "cniCacheV2" }));
    directory.write("c", cacheEntry());
    const { clock, told, warnings } = bed(t, directory);
    await clock.advance(120_000);
    assert.deepEqual(told, ["+c1"]);
    assert.deepEqual(warnings(), Array(2).fill("skipping an entry of the container runtime's cache"));
  });

  test("an entry that is written again in place is not gone meanwhile", async (t) => {
    const { directory, clock, told } = bed(t);
    await clock.advance(0);
    directory.write("net-c1-eth0", cacheEntry());
    await clock.advance(0);
    directory.write("net-c1-eth0", "");
    await clock.advance(10_000);
    directory.write("net-c1-eth0", cacheEntry());
    await clock.advance(10_000);
    assert.deepEqual(told, ["+c1"]);
  });

  test("a directory that is not there is said once, and used within a second of its coming", async (t) => {
    const directory = new FakeCacheDirectory();
    directory.isThere = false;
    const { clock, told, watcher, warnings } = bed(t, directory);
    await clock.advance(60_000);
    assert.equal(watcher.isThere, false);
    assert.equal(warnings().length, 1);
    directory.isThere = true;
    directory.write("net-c1-eth0", cacheEntry());
    await clock.advance(1_000);
    assert.deepEqual([watcher.isThere, told, directory.isWatched], [true, ["+c1"], true]);
  });

  test("an absent directory is a trouble once it has been absent for a minute, until it is there", async (t) => {
    const directory = new FakeCacheDirectory();
    directory.isThere = false;
    const { clock, watcher } = bed(t, directory);
    await clock.advance(59_999);
    assert.equal(watcher.trouble, undefined);
    await clock.advance(1);
    assert.equal(watcher.trouble, "absent");
    directory.isThere = true;
    await clock.advance(1_000);
    assert.equal(watcher.trouble, undefined);
  });

  test("a directory that cannot be read is a trouble while that lasts", async (t) => {
    const { directory, clock, watcher } = bed(t);
    await clock.advance(0);
    directory.failure = new Error("EIO");
    await clock.advance(10_000);
    assert.equal(watcher.trouble, "unreadable");
    directory.failure = undefined;
    await clock.advance(10_000);
    assert.equal(watcher.trouble, undefined);
  });

  test("launchers without a network namespace are a trouble, and other entries that cannot be used are none", async (t) => {
    const directory = new FakeCacheDirectory();
    directory.write("a", "{");
    const { clock, watcher } = bed(t, directory);
    await clock.advance(10_000);
    assert.equal(watcher.trouble, undefined);
    directory.write("b", cacheEntry().replace(/"netns":"[^"]*",?/, ""));
    await clock.advance(0);
    assert.equal(watcher.trouble, "without-netns");
    directory.remove("b");
    await clock.advance(0);
    assert.equal(watcher.trouble, undefined);
  });

  test("a directory that was made anew is watched anew", async (t) => {
    const { directory, clock, told } = bed(t);
    await clock.advance(0);
    directory.identity = "1:2";
    await clock.advance(10_000);
    directory.write("net-c1-eth0", cacheEntry());
    await clock.advance(0);
    assert.deepEqual(told, ["+c1"]);
  });

  test("without inotify it looks every ten seconds, and says so once", async (t) => {
    const directory = new FakeCacheDirectory();
    directory.canWatch = false;
    const { clock, told, warnings } = bed(t, directory);
    await clock.advance(0);
    directory.write("net-c1-eth0", cacheEntry());
    await clock.advance(60_000);
    assert.deepEqual([told, warnings().length], [["+c1"], 1]);
  });

  test("a directory that cannot be read loses nobody", async (t) => {
    const { directory, clock, told, warnings } = bed(t);
    await clock.advance(0);
    directory.write("net-c1-eth0", cacheEntry());
    await clock.advance(0);
    directory.failure = new Error("EIO");
    await clock.advance(60_000);
    assert.deepEqual([told, warnings().length], [["+c1"], 1]);
  });
});
