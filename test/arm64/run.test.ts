// The images for arm64, run by qemu-user in nothing but the image: its root read-only, as the image's user. It translates a
// program's system calls for this machine's kernel, those of rtnetlink only in part: taps are made on real arm64 alone.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { runCommand } from "../../deploy/local/command.ts";
import { enterImage, imageUser } from "../images/enter-image.ts";
import { archiveOf, openImage, unpackImage } from "../images/open-image.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = join(root, "dist/arm64/images");
const emulator = join(String(process.env["MQTAP_ARM64_TOOLS"]), "root/usr/bin/qemu-aarch64-static");
const scratch = mkdtempSync(join(tmpdir(), "mqtap-arm64-"));
after(() => rmSync(scratch, { recursive: true }));

function unpacked(name: string) {
  const image = openImage(archiveOf(name, folder));
  const imageRoot = join(scratch, name);
  mkdirSync(imageRoot);
  unpackImage(archiveOf(name, folder), imageRoot);
  copyFileSync(emulator, join(imageRoot, "emulator"));
  const run = (argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    enterImage({ root: imageRoot, user: imageUser(image), argv: ["/emulator", ...argv], env });
  return { image, imageRoot, run };
}

test("every program is an ELF file for arm64, as the archive's index says", async () => {
  const programs = {
    "mqtap-agent": ["usr/bin/node", "app/mqtap"],
    "mqtap-hook": ["sidecar-shim", "usr/bin/onDefineDomain"],
  };
  for (const [name, paths] of Object.entries(programs)) {
    const staged = ["runtime/rootfs", `${name}/rootfs`].map((part) => join(folder, part));
    for (const path of paths) {
      const file = staged.map((part) => join(part, path)).find((candidate) => isFile(candidate)) ?? "";
      const { stdout } = await runCommand(["readelf", "--file-header", file]);
      assert.match(stdout, /Machine: +AArch64/, path);
    }
    assert.equal(openImage(archiveOf(name, folder)).architecture, "arm64");
  }
});

test("controller and agent start and say what they take", async () => {
  for (const name of ["controller", "agent"]) {
    const { image, run } = unpacked(`mqtap-${name}`);
    const entrypoint: readonly string[] = Object(image.config)["Entrypoint"];
    const { status, stdout, stderr } = await run([...entrypoint, "--help"]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.ok(stdout.startsWith(`mqtap ${name}: `), stdout);
    if (name === "agent") {
      const version = await run(["/app/mqtap"], { CNI_COMMAND: "VERSION" });
      assert.ok(JSON.parse(version.stdout).supportedVersions.includes("1.1.0"), version.stderr);
    }
  }
});

test("the hook's image holds the shim, and the hook where the shim looks for it", async () => {
  const { run } = unpacked("mqtap-hook");
  const shim = await run(["/sidecar-shim", "--help"]);
  assert.match(shim.stderr, /^Usage of \/sidecar-shim:/);
  const hook = await run(["-0", "onDefineDomain", "/usr/bin/onDefineDomain"]);
  assert.match(hook.stderr, /run it with --vmi JSON --domain XML/);
});

function isFile(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}
