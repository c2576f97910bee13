// What lies in each part of an image, taken from what was built and from Debian's packages, and whose it is.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programsOf } from "../../cni/host/build.mjs";
import { runCommand } from "../local/command.ts";
import type { PartName } from "./image-definitions.ts";
import { cargoComponents } from "./inventory/cargo-components.ts";
import type { Component } from "./inventory/component.ts";
import { debianComponents } from "./inventory/debian-components.ts";
import { goComponents } from "./inventory/go-components.ts";
import { nodeComponent, npmComponents, packageFolders, readNpmSbom } from "./inventory/npm-components.ts";
import { findLibraries, libraryFolders } from "./libraries.ts";
import type { TarEntry } from "./oci/tar.ts";
import type { Platform } from "./platform.ts";

export interface Part {
  readonly entries: readonly TarEntry[];
  readonly components: readonly Component[];
}

/** All parts of all images for a platform. */
export async function collectParts(root: string, platform: Platform): Promise<Record<PartName, Part>> {
  const sbom = await readNpmSbom(root);
  const packages = (folders: readonly string[]) => npmComponents({ root, folders, sbom });
  const bundled = (name: string) => packages(packageFolders(bundleInputs(root, name)));
  const { plugin, shim } = platform;
  const [runtime, linked, shimModules] = await Promise.all([
    runtimePart(platform),
    linkedComponents(root, platform),
    goComponents({ program: shim, source: join(root, "deploy/images/sidecar-shim") }),
  ]);
  const inPlugin = [...packages(packageFolders(pluginInputs(root))), ...linked];
  return {
    runtime,
    "mqtap-controller": {
      entries: [file("app/controller.mjs", join(root, "dist/controller.mjs"), 0o644)],
      components: bundled("controller"),
    },
    "mqtap-agent": {
      entries: [file("app/agent.mjs", join(root, "dist/agent.mjs"), 0o644), file("app/mqtap", plugin, 0o755)],
      components: [...bundled("agent"), ...inPlugin],
    },
    "mqtap-hook": {
      entries: [file("sidecar-shim", shim, 0o755), file("usr/bin/onDefineDomain", plugin, 0o755)],
      components: [...inPlugin, ...shimModules],
    },
  };
}

/** Node.js without its symbols, and the libraries that it needs. */
async function runtimePart({ nodePackage, triplet, sysroot, strip }: Platform): Promise<Part> {
  const node = join(nodePackage, "bin/node");
  const libraries = await findLibraries({ program: node, folders: libraryFolders(triplet), sysroot });
  const files = libraries.map((library) => library.file);
  return {
    entries: [
      { kind: "file", path: "usr/bin/node", mode: 0o755, content: await stripped(node, strip) },
      ...libraries.map((library) => file(library.path.slice(1), library.file, 0o755)),
    ],
    components: [nodeComponent(nodePackage), ...(await debianComponents(files, sysroot))],
  };
}

/** The program without symbol tables; those that addons and libraries are linked by stay. */
async function stripped(program: string, strip: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "mqtap-strip-"));
  try {
    const output = join(folder, "program");
    await runCommand([strip, "--strip-all", "-o", output, program]);
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is linked into the plugin, npm's packages aside. libc and libgcc come from the C compiler's packages. */
async function linkedComponents(root: string, platform: Platform): Promise<Component[]> {
  const { compiler, rustTarget, rustLibrary, sysroot } = platform;
  const archives = ["-print-file-name=libc.a", "-print-libgcc-file-name"];
  const said = await Promise.all(archives.map((flag) => runCommand([compiler, flag])));
  return [
    ...(await cargoComponents(join(root, "cni/host"), rustTarget)),
    ...(await rustLibrary()),
    ...(await debianComponents(
      said.map(({ stdout }) => stdout.trim()),
      sysroot,
    )),
  ];
}

function bundleInputs(root: string, name: string): string[] {
  return Object.keys(JSON.parse(readFileSync(join(root, `dist/.${name}.inputs.json`), "utf8")));
}

function pluginInputs(root: string): string[] {
  return programsOf("mqtap").flatMap((program) => {
    const map: { sources: string[] } = JSON.parse(readFileSync(join(root, `dist/${program}.js.map`), "utf8"));
    return map.sources;
  });
}

function file(path: string, from: string, mode: number): TarEntry {
  return { kind: "file", path, mode, content: readFileSync(from) };
}
