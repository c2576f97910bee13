import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { findKernel } from "./kernel.ts";
import { runGuest } from "./run-guest.ts";
import { runSteps } from "./steps.ts";

const kernel = findKernel();
// Other files of tests run meanwhile, so temporary files of ours go to a place of their own.
const directory = mkdtempSync(join(tmpdir(), "mqtap-run-guest-"));
process.env["TMPDIR"] = directory;
after(() => rmSync(directory, { recursive: true }));

describe("runGuest()", () => {
  afterEach(() => assert.deepEqual(readdirSync(directory), [], "something is left"));

  it("gives a guest its files, modules, cpus, memory and devices, and takes its outputs and status apart", async () => {
    const { status, stdout, stderr, console } = await runGuest({
      kernel,
      cpus: 2,
      memoryMb: 384,
      modules: ["virtio_net", "virtio_pci"],
      devices: ["-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,romfile="],
      files: { "/etc/greeting": { text: "grüß dich" }, "/bin/tool": { text: "#!/bin/sh\necho tool\n", mode: 0o755 } },
      append: "a.word=1",
      script: `cat /etc/greeting; tool; nproc; ls -1 /sys/class/net; grep -o a.word=1 /proc/cmdline
        awk '/MemTotal/ { print ($2 > 300000) }' /proc/meminfo; echo trouble >&2; echo of the kernel >/dev/kmsg; exit 7`,
    });
    assert.equal(status, 7, stderr);
    assert.equal(stdout, "grüß dichtool\n2\neth0\nlo\na.word=1\n1\n");
    assert.equal(stderr, "trouble\n");
    assert.match(console, /Power down/);
  });

  it("tells what the kernel said last when it dies", async () => {
    const dying = runGuest({ kernel, script: "echo c >/proc/sysrq-trigger" });
    await assert.rejects(dying, /ended without a status:[\s\S]*sysrq triggered crash/);
  });

  it("stops a guest that does not end in time", async () => {
    const late = runGuest({ kernel, script: "sleep 1000", timeoutMs: 500 });
    await assert.rejects(late, /it had not ended after 500 ms/);
  });

  it("tells what QEMU does not like", async () => {
    const wrong = runGuest({ kernel, script: "", devices: ["-device", "warp-drive"] });
    await assert.rejects(wrong, /QEMU ended with 1: .*'warp-drive' is not a valid device model name/);
  });
});

it("runSteps() keeps the outcomes of steps apart, whatever they print and however they end", async () => {
  const outcomes = await runSteps(
    { kernel, prelude: 'greet() { echo "hello $1"; }' },
    {
      "one that greets": "greet you; touch /tmp/file",
      "one that fails": "echo '0,,'; echo no >&2; exit 3",
      "one that kills itself": "kill -9 $$",
      "the last": "printf '\\0\\377'; ls /tmp/file >&2",
    },
  );
  assert.deepEqual(Object.fromEntries(outcomes), {
    "one that greets": { status: 0, stdout: "hello you\n", stderr: "" },
    "one that fails": { status: 3, stdout: "0,,\n", stderr: "no\n" },
    "one that kills itself": { status: 137, stdout: "", stderr: "Killed\n" },
    "the last": { status: 0, stdout: "\0\ufffd", stderr: "/tmp/file\n" },
  });
});
