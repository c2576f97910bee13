import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { findFolders } from "./folders.mjs";

const directory = mkdtempSync(join(tmpdir(), "mqtap-folders-"));
after(() => rmSync(directory, { recursive: true }));

it("findFolders() finds all folders, while others come and go", async () => {
  const root = join(directory, "folders");
  mkdirSync(join(root, "stays/below"), { recursive: true });
  const stays = [join(root, "stays"), join(root, "stays/below")];
  const others = "while [ ! -e stop ]; do mkdir -p a/b/c; rmdir -p a/b/c; done";
  const child = spawn("sh", ["-c", others], { cwd: root, stdio: "ignore" });
  const ended = once(child, "close");
  await once(child, "spawn");
  try {
    for (let turn = 0; turn < 20_000; turn += 1) {
      const found = findFolders(root);
      assert.deepEqual(
        found.filter((path) => path.includes("stays")),
        stays,
      );
    }
  } finally {
    writeFileSync(join(root, "stop"), "");
    await ended;
  }
});
