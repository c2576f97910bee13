import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isAlive } from "./proc.mjs";
import { runQuietly } from "./run.mjs";

const module = JSON.stringify(join(import.meta.dirname, "run.mjs"));
const program = "process.on('SIGTERM', () => process.exit(7)); console.log(process.pid); setInterval(() => {}, 1e6)";

/** A process that runs `program` in the foreground as set-up does; gives it and the program's pid. */
async function startForeground() {
  const argv = JSON.stringify([process.execPath, "--eval", program]);
  const script = `import { runForeground } from ${module}; process.exit(await runForeground(${argv}));`;
  const options = { stdio: ["ignore", "pipe", "inherit"] };
  const setup = spawn(process.execPath, ["--input-type=module", "--eval", script], options);
  const pid = await new Promise((resolve) => setup.stdout.once("data", (text) => resolve(Number(text))));
  return { setup, pid, status: new Promise((resolve) => setup.once("close", resolve)) };
}

describe("runForeground()", () => {
  it("passes a signal on and keeps the exit status", async () => {
    const { setup, pid, status } = await startForeground();
    setup.kill("SIGTERM");
    assert.equal(await status, 7);
    assert.equal(existsSync(`/proc/${pid}`), false);
  });

  it("gives 128 and the signal's number when a signal ended the program", async () => {
    const { pid, status } = await startForeground();
    process.kill(pid, "SIGKILL");
    assert.equal(await status, 137);
  });

  it("does not outlive set-up", async () => {
    const { setup, pid } = await startForeground();
    setup.kill("SIGKILL");
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("runQuietly()", () => {
  it("gives the lines of a program that succeeds", async () => {
    assert.deepEqual((await runQuietly(["sh", "-c", "echo one; echo two >&2"])).toSorted(), ["one", "two"]);
  });

  it("shows the first and the last lines of one that fails", async () => {
    await assert.rejects(runQuietly(["sh", "-c", "seq 100; exit 1"]), (error) => {
      const lines = error.message.split("\n");
      assert.match(lines[0], /^cannot run "sh -c/);
      assert.deepEqual([lines[1], lines[11], lines.at(-1), lines.length], ["1", "...", "100", 37]);
      return true;
    });
  });
});
