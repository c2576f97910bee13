// However a bed ends, nothing of it is left: no process, namespace, mount, cgroup, link, file.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { findLeftovers, type Snapshot, takeSnapshot } from "../../deploy/local/setup/leftovers.mjs";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";

const program = path.join(import.meta.dirname, "bed-program.ts");

/** A bed in a process of its own, with a temporary directory of its own. */
class BedProcess implements AsyncDisposable {
  readonly temporaryDirectory: string;
  readonly #before: Snapshot;
  readonly child: ChildProcess;
  text = "";

  private constructor(temporaryDirectory: string) {
    this.temporaryDirectory = temporaryDirectory;
    this.#before = takeSnapshot(temporaryDirectory);
    this.child = spawn(layoutOfCheckout().node, [program], {
      env: { ...process.env, TMPDIR: temporaryDirectory },
      stdio: ["pipe", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.text += text;
      });
    }
  }

  static async start(): Promise<BedProcess> {
    return new BedProcess(await mkdtemp(path.join(tmpdir(), "mqtap-bed-test-")));
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async says(text: string): Promise<void> {
    await waitUntil(
      `the bed to say "${text}"`,
      () => {
        if (this.text.includes(text)) return true;
        assert.ok(!this.hasEnded, this.text);
        return undefined;
      },
      { timeoutMs: 120_000, seen: () => this.text },
    );
  }

  async end(): Promise<void> {
    if (!this.hasEnded) await once(this.child, "exit");
  }

  leftovers(): readonly string[] {
    return findLeftovers(this.#before, takeSnapshot(this.temporaryDirectory));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) this.child.kill("SIGKILL");
    await this.end();
    await rm(this.temporaryDirectory, { recursive: true, force: true });
  }
}

test("a bed that is stopped leaves nothing", async () => {
  await using bed = await BedProcess.start();
  await bed.says("\nbed /");
  assert.match(bed.leftovers().join("\n"), /^cgroup .*-node1$/m);
  bed.child.stdin?.end();
  await bed.end();
  assert.equal(bed.child.exitCode, 0, bed.text);
  assert.deepEqual(bed.leftovers(), []);
});

for (const [when, text] of Object.entries({
  "while it starts": "node1 has booted",
  "while pods run in it": "\nbed /",
})) {
  test(`a bed whose starter is killed ${when} leaves nothing`, async () => {
    await using bed = await BedProcess.start();
    await bed.says(text);
    bed.child.kill("SIGKILL");
    await bed.end();
    const seen = (): string => bed.leftovers().join("\n");
    await waitUntil("the last of it to go", () => (seen() === "" ? true : undefined), { seen, intervalMs: 200 });
    assert.deepEqual(await readdir(bed.temporaryDirectory), []);
  });
}
