// gzip that remembers: compressing Node.js takes seconds, and its layer seldom changes.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Compress, gzip } from "./layer.ts";

export interface CachedGzip {
  readonly compress: Compress;
  /** Removes from the folder what was not asked for since. */
  forgetOthers(): void;
}

/** Keeps what it compressed in `folder`, by the digest of what it was; another zlib may compress otherwise. */
export function cachedGzip(folder: string): CachedGzip {
  mkdirSync(folder, { recursive: true });
  const used = new Set<string>();
  return {
    compress: (tar, digest) => {
      const name = `${digest.replace(":", "-")}-zlib-${process.versions["zlib"]}.gz`;
      const file = join(folder, name);
      used.add(name);
      if (existsSync(file)) return readFileSync(file);
      const compressed = gzip(tar);
      writeFileSync(`${file}.${process.pid}`, compressed);
      renameSync(`${file}.${process.pid}`, file);
      return compressed;
    },
    forgetOthers: () => {
      for (const name of readdirSync(folder)) if (!used.has(name)) rmSync(join(folder, name));
    },
  };
}
