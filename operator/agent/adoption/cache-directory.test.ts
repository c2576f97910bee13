import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { openCacheDirectory } from "./cache-directory.ts";

function directory(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "mqtap-cache-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

describe("openCacheDirectory()", () => {
  test("lists names, and tells a directory from its successor", async (t) => {
    const path = join(directory(t), "results");
    const cache = openCacheDirectory(path);
    assert.equal(await cache.list(), undefined);
    mkdirSync(path);
    writeFileSync(join(path, "net-c1-eth0"), "{}");
    const first = await cache.list();
    assert.deepEqual(first?.names, ["net-c1-eth0"]);
    assert.equal((await cache.list())?.identity, first?.identity);
  });

  test("reads a file, and gives it another stamp when it is written again", async (t) => {
    const path = directory(t);
    const cache = openCacheDirectory(path);
    writeFileSync(join(path, "a"), '{"grün":1}');
    const file = await cache.read("a");
    assert.ok(file.kind === "text" && file.text === '{"grün":1}');
    writeFileSync(join(path, "a"), '{"grün":12}');
    const again = await cache.read("a");
    assert.ok(again.kind === "text" && again.stamp !== file.stamp);
    assert.deepEqual(await cache.read("b"), { kind: "absent" });
  });

  test("reads neither what is huge, nor links, nor folders", async (t) => {
    const path = directory(t);
    writeFileSync(join(path, "huge"), "");
    truncateSync(join(path, "huge"), 1 << 30);
    symlinkSync("/etc/passwd", join(path, "link"));
    mkdirSync(join(path, "folder"));
    const cache = openCacheDirectory(path);
    for (const [name, why] of Object.entries({ huge: /larger/, link: /it is a link/, folder: /it is no file/ })) {
      const file = await cache.read(name);
      assert.match(file.kind === "unreadable" ? file.why : file.kind, why);
    }
  });

  test("hears of a file that is written", async (t) => {
    const path = directory(t);
    const heard = Promise.withResolvers<string>();
    using _watch = openCacheDirectory(path).watch(heard.resolve, () => {});
    writeFileSync(join(path, "net-c1-eth0"), "{}");
    assert.equal(await heard.promise, "net-c1-eth0");
  });
});
