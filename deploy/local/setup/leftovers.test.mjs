import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { findFolders, findLeftovers, takeSnapshot } from "./leftovers.mjs";

const directory = mkdtempSync(join(tmpdir(), "mqtap-leftovers-"));
after(() => rmSync(directory, { recursive: true }));
const kinds = ["process", "temporary file"];
const ours = ({ ...snapshot }) => Object.fromEntries(kinds.map((kind) => [kind, snapshot[kind]]));

it("findLeftovers() names a file and a process that came and did not go", async () => {
  const before = ours(takeSnapshot(directory));
  writeFileSync(join(directory, "forgotten"), "");
  const child = spawn("cat", { cwd: directory, stdio: ["pipe", "ignore", "ignore"] });
  const ended = once(child, "close");
  await once(child, "spawn");
  const found = findLeftovers(before, ours(takeSnapshot(directory)));
  child.stdin.end();
  await ended;
  assert.deepEqual(found, [`process ${child.pid}: cat `, "temporary file forgotten"]);
  assert.deepEqual(findLeftovers(before, { process: takeSnapshot(directory).process }), []);
});

it("findLeftovers() finds nothing when something has gone", () => {
  assert.deepEqual(findLeftovers({ link: ["eth0", "lo"] }, { link: ["lo"] }), []);
});

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
