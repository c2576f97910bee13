// What installing and removing does to a disk, call by call: a test ends the process before each of them.

import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { chmod, copyFile, lstat, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { errnoOf } from "../errno.ts";

export type Look =
  | { readonly kind: "absent" }
  /** `stamp` differs when the file was changed or replaced; `inode` (number and birth, since numbers are used again) when it
   * was replaced. Numbers of devices change with the boot and have no part in it. */
  | { readonly kind: "file"; readonly stamp: string; readonly inode: string; readonly mode: number }
  | { readonly kind: "directory"; readonly stamp: string }
  /** A link, a socket, a device. */
  | { readonly kind: "other"; readonly stamp: string };

/** Everything rejects with Node's error, whose code is the kernel's. */
export interface Disk {
  /** Follows no link. */
  look(path: string): Promise<Look>;
  list(directory: string): Promise<readonly string[]>;
  /** Lower-case hex. */
  sha256(path: string): Promise<string>;
  readText(path: string): Promise<string>;
  /** The first bytes. */
  readHead(path: string, bytes: number): Promise<Uint8Array>;
  /** Neither replaces anything: the new name must be free. */
  copy(from: string, to: string, mode: number): Promise<void>;
  writeText(to: string, text: string, mode: number): Promise<void>;
  /** On the medium when it resolves: a file's content, or a directory's names. */
  sync(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Resolves also where there is nothing. */
  remove(path: string): Promise<void>;
}

export const realDisk: Disk = {
  async look(path) {
    try {
      const found = await lstat(path, { bigint: true });
      const { ino, size, mtimeNs, ctimeNs, birthtimeNs, mode } = found;
      const stamp = [ino, size, mtimeNs, ctimeNs].join(":");
      const inode = `${ino}:${birthtimeNs}`;
      if (found.isFile()) return { kind: "file", stamp, inode, mode: Number(mode & 0o7777n) };
      return { kind: found.isDirectory() ? "directory" : "other", stamp };
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errnoOf(error))) return { kind: "absent" };
      throw error;
    }
  },
  list: (directory) => readdir(directory),
  async sha256(path) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex");
  },
  readText: (path) => readFile(path, "utf8"),
  async readHead(path, bytes) {
    await using file = await open(path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  },
  async copy(from, to, mode) {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await chmod(to, mode);
  },
  async writeText(to, text, mode) {
    await using file = await open(to, "wx", mode);
    await file.writeFile(text);
    await file.chmod(mode);
  },
  async sync(path) {
    await using file = await open(path, "r");
    await file.sync();
  },
  rename,
  remove: (path) => rm(path, { force: true }),
};
