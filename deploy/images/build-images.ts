// Assembles every image: its parts as folders (what the Dockerfiles copy), the archive that containerd imports, and the
// bill of materials. Equal input gives equal bytes, wherever and whenever.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ImageDefinition, imageDefinitions } from "./image-definitions.ts";
import { checkComponents } from "./inventory/component.ts";
import { renderNotices } from "./inventory/notices.ts";
import { renderSbom } from "./inventory/sbom.ts";
import { cachedGzip } from "./oci/cached-gzip.ts";
import { makeImageArchive } from "./oci/image-archive.ts";
import { makeLayer } from "./oci/layer.ts";
import type { TarEntry } from "./oci/tar.ts";
import { collectParts, type Part } from "./parts.ts";
import type { Platform } from "./platform.ts";

/** Sizes in bytes: of the archive, which is about what a node pulls, and of the files in it. */
export interface BuiltImage {
  readonly name: string;
  readonly digest: string;
  readonly archiveBytes: number;
  readonly fileBytes: number;
}

/** Builds from `root`'s dist into the folder `output`. `createdSeconds` is the time of all that is made. */
export async function buildImages({
  root,
  platform,
  output,
  createdSeconds,
}: {
  readonly root: string;
  readonly platform: Platform;
  readonly output: string;
  readonly createdSeconds: number;
}): Promise<BuiltImage[]> {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const parts = await collectParts(root, platform);
  const { compress, forgetOthers } = cachedGzip(join(output, ".layers"));
  const layerOf = (entries: readonly TarEntry[]) => makeLayer(entries, { mtimeSeconds: createdSeconds, compress });
  const runtime = layerOf(parts.runtime.entries);
  stage(join(output, "runtime/rootfs"), parts.runtime.entries);
  const images = imageDefinitions(version).map((definition) => {
    const { name, config } = definition;
    const reference = `${name}:${version}`;
    const components = checkComponents(definition.parts.flatMap((part) => parts[part].components));
    const notices = renderNotices(`Software of others in the image ${reference}`, components);
    const own = ownEntries(definition, parts[name], notices, readFileSync(join(root, "LICENSE"), "utf8"));
    stage(join(output, name, "rootfs"), own);
    const layers = definition.parts.map((part) => (part === "runtime" ? runtime : layerOf(own)));
    const { archive, digest } = makeImageArchive({
      name: reference,
      architecture: platform.architecture,
      config,
      layers,
      createdSeconds,
    });
    put(join(output, `${name}.tar`), archive);
    put(join(output, `${name}.sbom.json`), renderSbom({ name, version, digest, createdSeconds, components }));
    const fileBytes = definition.parts
      .flatMap((part) => (part === name ? own : parts[part].entries))
      .reduce(addSize, 0);
    return { name, digest, archiveBytes: archive.length, fileBytes };
  });
  forgetOthers();
  return images;
}

function ownEntries({ noticesPath }: ImageDefinition, part: Part, notices: string, licence: string): TarEntry[] {
  const text = `mqtap is licensed under the Apache License 2.0:\n\n${licence}\n${notices}`;
  return [...part.entries, { kind: "file", path: noticesPath, mode: 0o644, content: Buffer.from(text) }];
}

/** The entries as a folder, put in the place of the last one whole. */
function stage(folder: string, entries: readonly TarEntry[]): void {
  const next = `${folder}.${process.pid}`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  for (const entry of entries) {
    if (entry.kind !== "file") throw new TypeError(`cannot stage "${entry.path}": only files are staged`);
    mkdirSync(dirname(join(next, entry.path)), { recursive: true });
    writeFileSync(join(next, entry.path), entry.content, { mode: entry.mode });
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(next, folder);
}

function put(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

function addSize(sum: number, entry: TarEntry): number {
  return sum + (entry.kind === "file" ? entry.content.length : 0);
}
