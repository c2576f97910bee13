import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { writeCpio } from "./cpio.ts";

describe("writeCpio()", () => {
  it("writes what busybox unpacks: contents of any length, permissions, folders on the way", () => {
    const contents = ["", "a", "ab", "abc", "abcd", "grün\n".repeat(1000)].map((text) => Buffer.from(text));
    const files = Object.fromEntries(
      contents.map((content, i) => [`/folder/deeper/${"x".repeat(i + 1)}`, { mode: 0o640 + i, content }]),
    );
    const directory = mkdtempSync(join(tmpdir(), "mqtap-cpio-"));
    try {
      writeFileSync(join(directory, "archive"), writeCpio(files));
      const unpacked = spawnSync("busybox", ["cpio", "-idF", "archive"], { cwd: directory, encoding: "utf8" });
      assert.equal(unpacked.status, 0, unpacked.stderr);
      for (const [path, { mode, content }] of Object.entries(files)) {
        assert.deepEqual(readFileSync(join(directory, path)), content);
        assert.equal(statSync(join(directory, path)).mode & 0o7777, mode);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("refuses paths that would land elsewhere", () => {
    for (const path of ["relative", "/", "/a//b", "/a/", ""]) {
      assert.throws(() => writeCpio({ [path]: { mode: 0o644, content: new Uint8Array() } }), TypeError);
    }
  });
});
