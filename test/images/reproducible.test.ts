// The same sources give the same images, in whatever folder they lie and whenever they are built.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { programsOf } from "../../cni/host/build.mjs";
import { buildImages } from "../../deploy/images/build-images.ts";
import { amd64 } from "../../deploy/images/platform.ts";
import { runCommand } from "../../deploy/local/command.ts";
import { archiveOf, openImage } from "./open-image.ts";

const root = resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "mqtap-same-"));
after(() => rmSync(scratch, { recursive: true }));
const names = ["mqtap-controller", "mqtap-agent", "mqtap-hook"];

/** The checkout's sources and packages in another folder; of dist only what takes minutes to make. */
async function copyCheckout(folder: string): Promise<void> {
  const sources = [
    "cni",
    "crds",
    "deploy",
    "operator",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "LICENSE",
  ];
  await runCommand(["cp", "-a", ...[...sources, "node_modules"].map((name) => join(root, name)), folder]);
  mkdirSync(join(folder, "dist"));
  const maps = programsOf("mqtap").map((program) => `${program}.js.map`);
  for (const name of ["mqtap", "components", ...maps]) {
    symlinkSync(join(root, "dist", name), join(folder, "dist", name));
  }
}

test("another checkout, in another folder, makes images with the same digests and bills of materials", async () => {
  const checkout = join(scratch, "elsewhere");
  mkdirSync(checkout);
  await copyCheckout(checkout);
  const bundle = 'await (await import("./deploy/local/build-operator.mjs")).buildOperator({ root: process.cwd() })';
  await runCommand([process.execPath, "--input-type=module", "-e", bundle], { cwd: checkout });
  const images = await buildImages({
    root: checkout,
    platform: amd64(checkout),
    output: join(scratch, "images"),
    createdSeconds: 0,
  });
  assert.deepEqual(
    images.map(({ name, digest }) => [name, digest]),
    names.map((name) => [name, openImage(archiveOf(name)).digest]),
  );
  for (const name of names) {
    const bills = [join(root, "dist/images"), join(scratch, "images")].map((folder) =>
      readFileSync(join(folder, `${name}.sbom.json`), "utf8"),
    );
    assert.equal(bills[0], bills[1]);
  }
});

test("no program in an image names a folder of the machine that built it", () => {
  for (const name of ["mqtap", "agent.mjs", "controller.mjs", "components/sidecar-shim"]) {
    const content = readFileSync(join(root, "dist", name));
    for (const folder of [root, homedir()]) assert.ok(!content.includes(`${folder}/`), `${folder} in ${name}`);
  }
});
