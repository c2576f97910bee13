// `npm start` from step 3 on, as a process: it tells the whole story, and however it ends nothing of it is left.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { runCommand } from "../../deploy/local/command.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";

const layout = layoutOfCheckout();

class Demo implements AsyncDisposable {
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

  async says(text: string): Promise<void> {
    await waitUntil(
      `the demo to say "${text}"`,
      () => {
        if (this.text.includes(text)) return true;
        assert.equal(this.child.exitCode, null, this.text);
        return undefined;
      },
      { timeoutMs: 90_000, seen: () => this.text },
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
async function machine(): Promise<readonly string[]> {
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
async function processesOf(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (command.includes(directory) || cwd.startsWith(directory)) found.push(`${pid} ${command}`);
  }
  return found;
}

async function assertNothingLeft(demo: Demo, before: readonly string[]): Promise<void> {
  assert.deepEqual(await readdir(demo.directory), [], demo.text);
  assert.deepEqual(await processesOf(demo.directory), []);
  assert.deepEqual(await machine(), before);
}

test("the demo tells the whole story in lines of 120 columns, and leaves nothing", async () => {
  const before = await machine();
  await using demo = await Demo.start();
  assert.equal(await demo.end(), 0, demo.text);
  for (const step of ["3.", "4.", "5.", "6.", "7.", "8.", "9.", "10."]) {
    assert.ok(demo.text.includes(`\n${step} `), `step ${step}\n${demo.text}`);
  }
  const shown = [
    /dense-windows +4 +2 +2 +0 +1\/2 +2\/2/,
    /node-1 +4 +Sysctl +0 +True/,
    /node-2 +4 +Advisory +0 +True/,
    /web +1 +8 +node-1 +4 .* 4 +8 -> 4 on network "default"/,
    /router +10 +8 +node-2 +4 .* 3 +8 -> 3 on network "default"/,
    /legacy +1 +8 +node-2 +4 .* 8 +8 on network "default": advisory: no hook/,
    /tiny +tap0 +off +107:107 +noqueue +1 +1 \(single\)/,
    /node-2 +4 +Advisory +1 +True/,
    /Normal +QueuesCapped +8 -> 4 on network "default".*the VM runs\s+with 4/,
    /Warning +CapNotApplied +8 instead of 4 on network "default": the pod has no mqtap hook/,
    /node-1 +2 +Sysctl +1 +True.*\n +node-2 +2 +Advisory +2 +True/,
    /node-1 +0 +True.*\n +node-2 +0 +True.*\n.*max_queues.*\n +256\n/,
    /number\s+257\s+is\s+refused\s+with\s+E2BIG/,
    /later +1 +8 +node-2 +2 .* 2 +8 -> 2/,
    /max_queues.*\n +256\n/,
  ];
  for (const pattern of shown) assert.match(demo.text, pattern);
  const [, usual = "", ours = ""] =
    /(\d+\.\d+) MB with the default qdisc.*\n?.*?(\d+\.\d+) MB made by mqtap/.exec(demo.text) ?? [];
  assert.ok(Number(usual) > 5 && Number(ours) < 1, `${usual} MB against ${ours} MB`);
  for (const line of demo.text.split("\n")) assert.ok(line.length <= 120, line);
  await assertNothingLeft(demo, before);
});

for (const [when, text] of Object.entries({
  "while the control plane starts": "3. ",
  "between the steps": "6. ",
  "in the middle of the pods": "7. ",
})) {
  test(`Ctrl-C ${when} ends the demo and leaves nothing`, async () => {
    const before = await machine();
    await using demo = await Demo.start();
    await demo.says(`\n${text}`);
    demo.signal("SIGINT");
    assert.equal(await demo.end(), 130, demo.text);
    assert.match(demo.text, /SIGINT: stopping/);
    assert.doesNotMatch(demo.text, /Error/);
    await assertNothingLeft(demo, before);
  });
}

test("with --keep it stays, tells how to talk to it, and leaves nothing when it is stopped", async () => {
  const before = await machine();
  await using demo = await Demo.start(["--keep"]);
  await demo.says("To stop it: Ctrl-C here");
  const [, kubectl = "", kubeconfig = ""] = /\$ (\S+) --kubeconfig (\S+) get/.exec(demo.text) ?? [];
  const { stdout } = await runCommand([kubectl, "--kubeconfig", kubeconfig, "get", "mqp", "-o", "name"]);
  assert.deepEqual(
    stdout
      .trim()
      .split("\n")
      .map((name) => name.split("/")[1]),
    ["node-1", "node-2"],
  );
  demo.signal("SIGTERM");
  assert.equal(await demo.end(), 0, demo.text);
  await assertNothingLeft(demo, before);
});

test("a demo that fails says why, exits with an error and leaves nothing", async () => {
  const before = await machine();
  const broken = await mkdtemp(path.join(tmpdir(), "mqtap-broken-"));
  try {
    // everything but the plugin that makes the pods' interfaces
    for (const name of await readdir(layout.binDir)) {
      if (name !== "ptp") await symlink(path.join(layout.binDir, name), path.join(broken, name));
    }
    await using demo = await Demo.start([], broken);
    assert.equal(await demo.end(), 1, demo.text);
    assert.match(demo.text, /failed to find plugin "ptp"/);
    await assertNothingLeft(demo, before);
  } finally {
    await rm(broken, { recursive: true });
  }
});

test("even SIGKILL leaves no process, link or mount", async () => {
  const before = await machine();
  await using demo = await Demo.start();
  await demo.says("\n7. ");
  demo.signal("SIGKILL");
  await demo.end();
  await waitUntil("the last process to end", async () =>
    (await processesOf(demo.directory)).length === 0 ? true : undefined,
  );
  assert.deepEqual(await machine(), before);
});
