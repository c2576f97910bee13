import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeNodeFile } from "./node-file.ts";

test("writeNodeFile() writes only what differs, and replaces what is corrupt", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "mqtap-node-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "node.json");
  const file = { maxQueues: 4, source: "NodeNetworkConfig/dense", sysctlPath: "/proc/sys/net/tuntap/max_queues" };
  writeFileSync(path, "{");
  assert.equal(await writeNodeFile(path, file), true);
  assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), file);
  assert.equal(await writeNodeFile(path, file), false);
  assert.equal(await writeNodeFile(path, { ...file, maxQueues: 2 }), true);
});
