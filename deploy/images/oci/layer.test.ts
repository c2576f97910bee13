import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { makeLayer } from "./layer.ts";
import type { TarEntry } from "./tar.ts";
import { writeTar } from "./tar.ts";

const file = (path: string, text = ""): TarEntry => ({ kind: "file", path, mode: 0o644, content: Buffer.from(text) });
const folder = (path: string, mode = 0o755): TarEntry => ({ kind: "folder", path, mode });
const make = (entries: readonly TarEntry[]) => makeLayer(entries, { mtimeSeconds: 0 });
const sha256 = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

describe("makeLayer()", () => {
  test("adds the folders on the way and sorts, folders first", () => {
    const layer = make([file("usr/bin/node"), file("app/NOTICES"), folder("usr", 0o700), file("app.d")]);
    const wanted = [
      folder("app"),
      file("app.d"),
      file("app/NOTICES"),
      folder("usr", 0o700),
      folder("usr/bin"),
      file("usr/bin/node"),
    ];
    assert.deepEqual(gunzipSync(layer.content), Buffer.from(writeTar(wanted, { mtimeSeconds: 0 })));
  });

  test("names itself by its bytes, compressed and not, and gzip keeps no time and no name", () => {
    const layer = make([file("a", "text")]);
    assert.equal(layer.descriptor.digest, sha256(layer.content));
    assert.equal(layer.descriptor.size, layer.content.length);
    assert.equal(layer.diffId, sha256(gunzipSync(layer.content)));
    assert.equal(layer.tarBytes, gunzipSync(layer.content).length);
    assert.deepEqual([...layer.content.subarray(0, 8)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
  });

  test("is the same in whatever order the entries come", () => {
    const entries = ["b/c", "b/a", "a", "b-", "z/y/x"].map((path) => file(path, path));
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
        assert.equal(make(shuffled).descriptor.digest, make(entries).descriptor.digest);
      }),
    );
  });

  const refused: Record<string, { entries: TarEntry[]; message: RegExp }> = {
    "an absolute path": { entries: [file("/etc/passwd")], message: /"\/etc\/passwd" is no path in an image/ },
    "a path that leads out": { entries: [file("a/../../b")], message: /is no path in an image/ },
    "a whiteout": { entries: [file("a/.wh.b")], message: /is no path in an image/ },
    "the same path twice": { entries: [file("a"), folder("a")], message: /"a" is there twice/ },
    "a file in a file": { entries: [file("a"), file("a/b")], message: /"a" is no folder/ },
  };
  for (const [what, { entries, message }] of Object.entries(refused)) {
    test(`refuses ${what}`, () => assert.throws(() => make(entries), { name: "TypeError", message }));
  }
});
