// The release after this one, really built: a copy of this checkout in which the version is one higher, and what
// `npm run images` makes of it. It lies in dist/next, so that the next run builds nothing that has not changed.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Release, releaseOf } from "../../deploy/local/bed/installed/release.ts";
import { runCommand } from "../../deploy/local/command.ts";
import type { Layout } from "../../deploy/local/story/layout.ts";

const copied = ["cni", "crds", "deploy", "operator", "LICENSE", "package.json", "package-lock.json", "tsconfig.json"];

/** Files that say the version, and what stands before it. */
const versioned: Readonly<Record<string, readonly string[]>> = {
  "package.json": ['"version": "'],
  "package-lock.json": ['"name": "mqtap",\n  "version": "', '"name": "mqtap",\n      "version": "'],
  "cni/host/Cargo.toml": ['\nversion = "'],
  "cni/host/Cargo.lock": ['name = "mqtap-host"\nversion = "'],
  "deploy/base/agent.yaml": ["image: mqtap-agent:"],
  "deploy/base/controller.yaml": ["image: mqtap-controller:"],
  "deploy/overlays/default/kustomization.yaml": ["newTag: "],
  "deploy/chart/Chart.yaml": ["\nversion: ", "\nappVersion: "],
};

/** Builds it. Minutes the first time, seconds when nothing has changed. */
export async function buildNextRelease(layout: Layout): Promise<Release> {
  const { version } = releaseOf(layout);
  const next = version.replace(/\d+$/, (patch) => `${Number(patch) + 1}`);
  const root = path.join(layout.distDir, "next");
  await mkdir(path.join(root, "dist/images"), { recursive: true });
  for (const name of await readdir(root)) {
    if (name !== "dist") await rm(path.join(root, name), { recursive: true });
  }
  for (const name of copied) {
    const filter = (source: string): boolean => !/\.test\.\w+$/.test(source);
    await cp(path.join(layout.root, name), path.join(root, name), { recursive: true, verbatimSymlinks: true, filter });
  }
  // hard links: the modules are the same, and so is most of what the images consist of
  const links = [
    [path.join(layout.root, "node_modules"), root],
    [path.join(layout.distDir, "images/.layers"), path.join(root, "dist/images")],
  ] as const;
  for (const [from, to] of links) await runCommand(["cp", "--archive", "--link", "--force", from, to]);
  for (const [name, before] of Object.entries(versioned)) await raise(path.join(root, name), before, version, next);
  await runCommand([layout.node, "deploy/local/setup.mjs", "images"], { cwd: root, timeoutMs: 400_000 });
  return releaseOf({ root, distDir: path.join(root, "dist"), overlay: path.join(root, "deploy/overlays/default") });
}

async function raise(file: string, placesBefore: readonly string[], from: string, to: string): Promise<void> {
  let text = await readFile(file, "utf8");
  for (const before of placesBefore) {
    if (!text.includes(before + from))
      throw new Error(`cannot raise the version: "${file}" does not say "${before}${from}"`);
    text = text.replaceAll(before + from, before + to);
  }
  await writeFile(file, text);
}
