import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { startDaemon } from "./daemon.ts";
import { isAlive } from "./setup/proc.mjs";

const directory = mkdtempSync(join(tmpdir(), "mqtap-daemon-"));
after(() => rmSync(directory, { recursive: true }));
const start = (script: string) =>
  startDaemon({
    name: "test",
    argv: ["sh", "-c", `${script}; echo ready; exec cat`],
    logFile: join(directory, "log"),
    stdio: "pipe",
  });
const ready = (daemon: ReturnType<typeof start>) =>
  new Promise((resolve) => daemon.child.stdout?.once("data", resolve));

describe("startDaemon()", () => {
  it("stops a daemon by the signal asked for", async () => {
    const daemon = start("true");
    await ready(daemon);
    await daemon.stop("SIGTERM");
    assert.equal(await daemon.ended, "signal SIGTERM");
    assert.equal(daemon.isRunning, false);
  });

  it("kills a daemon that does not heed the signal in time", async () => {
    const daemon = start("trap '' TERM");
    await ready(daemon);
    await daemon.stop("SIGTERM", 10);
    assert.equal(await daemon.ended, "signal SIGKILL");
  });

  it("tells the exit status and the last lines of a daemon that ends by itself", async () => {
    const daemon = start("echo one >&2; echo two >&2; exit 3");
    assert.equal(await daemon.ended, "exit status 3");
    assert.match(daemon.logTail(2), /one\ntwo$/);
  });

  it("leaves no daemon when its parent is killed", async () => {
    const program = `
      import { startDaemon } from ${JSON.stringify(join(import.meta.dirname, "daemon.ts"))};
      const argv = ["sh", "-c", "echo ready >&2; exec sleep 1000"];
      const daemon = startDaemon({ name: "orphan", argv, logFile: process.argv[1] });
      console.log(daemon.pid);
      setInterval(() => {}, 1000);`;
    const args = ["--input-type=module-typescript", "--eval", program, join(directory, "orphan")];
    const parent = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
    const log = join(directory, "orphan");
    while (!readFileSync(log, "utf8").includes("ready")) await new Promise((resolve) => setImmediate(resolve));
    parent.kill("SIGKILL");
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  });
});
