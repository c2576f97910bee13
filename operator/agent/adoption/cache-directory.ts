// The directory of libcni's cache on this node. It belongs to the runtime: it is only ever read, and what lies in it may be
// huge, half written, or no file at all.

import { watch } from "node:fs";
import { constants, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** What a file holds; `stamp` changes when it is written again. */
export type CacheFile =
  | { readonly kind: "text"; readonly text: string; readonly stamp: string }
  | { readonly kind: "unreadable"; readonly why: string; readonly stamp: string }
  | { readonly kind: "absent" };

export interface CacheDirectory {
  /** Names, and what tells this directory from a later one at the same path; undefined where there is none. */
  list(): Promise<{ readonly names: readonly string[]; readonly identity: string } | undefined>;
  read(name: string): Promise<CacheFile>;
  /** Calls with the name of what changed. @throws where the kernel does not let us */
  watch(onChange: (name: string) => void, onEnd: () => void): Disposable;
}

/** Entries are a few kilobytes: a network configuration and a result. */
const mostBytes = 1 << 20;

export function openCacheDirectory(path: string): CacheDirectory {
  return {
    list: async () => {
      try {
        const { dev, ino } = await stat(path);
        return { names: await readdir(path), identity: `${dev}:${ino}` };
      } catch (error) {
        if (isAbsence(error)) return undefined;
        throw error;
      }
    },
    read: (name) => readCacheFile(join(path, name)),
    watch: (onChange, onEnd) => {
      const watcher = watch(path, (_event, name) => (name === null ? undefined : onChange(name)));
      watcher.on("error", onEnd);
      return { [Symbol.dispose]: () => watcher.close() };
    },
  };
}

async function readCacheFile(path: string): Promise<CacheFile> {
  try {
    // Neither a link to somewhere else, nor a fifo that would hold us.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const status = await file.stat();
    const stamp = `${status.ino}:${status.size}:${status.mtimeMs}`;
    if (!status.isFile()) return { kind: "unreadable", why: "it is no file", stamp };
    if (status.size > mostBytes) return { kind: "unreadable", why: `it is larger than ${mostBytes} bytes`, stamp };
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(status.size, mostBytes)), 0, null, 0);
    return { kind: "text", text: buffer.toString("utf8", 0, bytesRead), stamp };
  } catch (error) {
    if (isAbsence(error)) return { kind: "absent" };
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { kind: "unreadable", why: code === "ELOOP" ? "it is a link" : code, stamp: code };
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
