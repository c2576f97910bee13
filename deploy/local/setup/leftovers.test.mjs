import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { findLeftovers, takeSnapshot } from "./leftovers.mjs";

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
