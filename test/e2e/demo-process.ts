// `npm start` from step 3 on, as a process with a temporary directory of its own, and the search for what it left.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "../../deploy/local/command.ts";
import { readProcFile, readWorkingDirectory } from "../../deploy/local/setup/proc.mjs";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";

const layout = layoutOfCheckout();

export class Demo implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly directory: string;
  text = "";

  private constructor(directory: string, args: readonly string[], binDir: string) {
    this.directory = directory;
    // a process group of its own, as a shell gives to what it runs: Ctrl-C goes to the group
    this.child = spawn(layout.node, [path.join(layout.root, "deploy/local/demo.ts"), ...args], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: directory, MQTAP_COMPONENTS: binDir },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.text += text;
      });
    }
  }

  static async start(args: readonly string[] = [], binDir = layout.binDir): Promise<Demo> {
    return new Demo(await mkdtemp(path.join(tmpdir(), "mqtap-demo-test-")), args, binDir);
  }

  async end(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }

  async says(text: string, timeoutMs = 90_000): Promise<void> {
    await waitUntil(
      `the demo to say "${text}"`,
      () => {
        if (this.text.includes(text)) return true;
        assert.equal(this.child.exitCode, null, this.text);
        return undefined;
      },
      { timeoutMs, seen: () => this.text },
    );
  }

  signal(name: NodeJS.Signals): void {
    assert.ok(this.child.pid !== undefined);
    process.kill(-this.child.pid, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.signal("SIGKILL");
      await this.end();
    }
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Links, mounts and namespaces of the kinds the demo makes. The runner of the suite compares all kinds. */
export async function machine(): Promise<readonly string[]> {
  const links = (await runCommand(["ip", "-o", "link"])).stdout
    .split("\n")
    .map((line) => line.split(":")[1]?.trim() ?? "");
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n");
  const netns = await readdir("/run/netns").catch(() => []);
  return [
    ...links.filter((name) => /^(tap|veth|pod)/.test(name)),
    ...mounts.filter((mount) => mount.includes("mqtap")),
    ...netns.filter((name) => /^(virt-launcher|memory)-/.test(name)),
  ].sort();
}

/** Processes that run in or with something below `directory`. */
export async function processesOf(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = readProcFile(pid, "cmdline").replaceAll("\0", " ");
    if (command.includes(directory) || readWorkingDirectory(pid).startsWith(directory)) found.push(`${pid} ${command}`);
  }
  return found;
}

export async function assertNothingLeft(demo: Demo, before: readonly string[]): Promise<void> {
  assert.deepEqual(await readdir(demo.directory), [], demo.text);
  assert.deepEqual(await processesOf(demo.directory), []);
  assert.deepEqual(await machine(), before);
}
