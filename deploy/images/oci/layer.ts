// A layer of an image: entries in one order, with every folder on the way to them, tarred, compressed and named by what it
// holds (OCI image specification v1.1, layer.md).
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type TarEntry, writeTar } from "./tar.ts";

/** What a manifest says about bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Bytes that lie in an image's store under their digest. */
export interface Blob {
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
}

/** A blob whose uncompressed tar has the digest `diffId`; `tarBytes` is the length of that tar. */
export interface Layer extends Blob {
  readonly diffId: string;
  readonly tarBytes: number;
}

/** Compresses a tar, whose digest comes along. */
export type Compress = (tar: Uint8Array, digest: string) => Uint8Array;

/** gzip whose header has no name and the time 0. */
export function gzip(tar: Uint8Array): Uint8Array {
  return gzipSync(tar, { level: 9 });
}

/** A layer with these entries; missing folders are added with mode 0755. @throws TypeError for paths no layer may hold */
export function makeLayer(
  entries: readonly TarEntry[],
  { mtimeSeconds, compress = gzip }: { readonly mtimeSeconds: number; readonly compress?: Compress },
): Layer {
  const tar = writeTar(inOrder(entries), { mtimeSeconds });
  const diffId = digestOf(tar);
  const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
  return { ...makeBlob(mediaType, compress(tar, diffId)), diffId, tarBytes: tar.length };
}

/** The blob of these bytes. */
export function makeBlob(mediaType: string, content: Uint8Array): Blob {
  return { descriptor: { mediaType, digest: digestOf(content), size: content.length }, content };
}

/** Every entry once, folders before what is in them. */
function inOrder(entries: readonly TarEntry[]): TarEntry[] {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    checkPath(entry.path);
    if (byPath.has(entry.path)) throw new TypeError(`cannot make a layer: "${entry.path}" is there twice`);
    byPath.set(entry.path, entry);
  }
  for (const folder of entries.flatMap(({ path }) => foldersTo(path))) {
    const found = byPath.get(folder);
    if (found === undefined) byPath.set(folder, { kind: "folder", path: folder, mode: 0o755 });
    else if (found.kind !== "folder") throw new TypeError(`cannot make a layer: "${folder}" is no folder`);
  }
  // by code units, whatever the locale: "a" comes before "a/b"
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function foldersTo(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}

// names that begin with ".wh." delete things of the layers below
function checkPath(path: string): void {
  const isPlain = (name: string) => !["", ".", ".."].includes(name) && !name.startsWith(".wh.") && !name.includes("\0");
  if (!path.split("/").every(isPlain)) throw new TypeError(`cannot make a layer: "${path}" is no path in an image`);
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
