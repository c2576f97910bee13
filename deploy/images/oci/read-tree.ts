// A folder on disk -> entries of a tar. Modes become 0755 or 0644, so that a checkout's umask does not show.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { TarEntry } from "./tar.ts";

const executableBits = 0o111;

/** All files, folders and symbolic links in `folder`, with paths relative to it. @throws TypeError for anything else there */
export function readTree(folder: string): TarEntry[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths.map((path) => readEntry(join(folder, path), path));
}

function readEntry(file: string, path: string): TarEntry {
  const status = lstatSync(file);
  if (status.isSymbolicLink()) return { kind: "symlink", path, target: readlinkSync(file) };
  if (status.isDirectory()) return { kind: "folder", path, mode: 0o755 };
  if (!status.isFile()) throw new TypeError(`cannot put "${file}" into an image: it is no file, folder or link`);
  const mode = (status.mode & executableBits) === 0 ? 0o644 : 0o755;
  return { kind: "file", path, mode, content: readFileSync(file) };
}
