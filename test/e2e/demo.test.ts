// `npm start` from step 3 on, as a process: it tells the whole story, and however it ends nothing of it is left.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { runCommand } from "../../deploy/local/command.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { assertNothingLeft, Demo, machine, processesOf } from "./demo-process.ts";

const layout = layoutOfCheckout();

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
