import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readTree } from "./read-tree.ts";

const folder = mkdtempSync(join(tmpdir(), "mqtap-tree-"));
after(() => rmSync(folder, { recursive: true }));

test("readTree() gives files, folders and links, with modes that no umask shows in", () => {
  const root = join(folder, "root");
  mkdirSync(join(root, "bin"), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, "bin/program"), "p", { mode: 0o700 });
  writeFileSync(join(root, "text"), "t", { mode: 0o600 });
  symlinkSync("bin/program", join(root, "link"));
  const found = readTree(root).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  assert.deepEqual(found, [
    { kind: "folder", path: "bin", mode: 0o755 },
    { kind: "file", path: "bin/program", mode: 0o755, content: Buffer.from("p") },
    { kind: "symlink", path: "link", target: "bin/program" },
    { kind: "file", path: "text", mode: 0o644, content: Buffer.from("t") },
  ]);
});

test("readTree() refuses what has no place in an image", () => {
  const root = join(folder, "odd");
  mkdirSync(root);
  execFileSync("mkfifo", [join(root, "pipe")]);
  assert.throws(() => readTree(root), { name: "TypeError", message: /pipe" into an image: it is no file/ });
});
