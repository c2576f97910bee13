// gzip that remembers: compressing Node.js takes seconds, and its layer seldom changes.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Compress, gzip } from "./layer.ts";

/** Keeps what it compressed in `folder`, by the digest of what it was; another zlib may compress otherwise. */
export function cachedGzip(folder: string): Compress {
  return (tar, digest) => {
    const file = join(folder, `${digest.replace(":", "-")}-zlib-${process.versions["zlib"]}.gz`);
    if (existsSync(file)) return readFileSync(file);
    const compressed = gzip(tar);
    mkdirSync(folder, { recursive: true });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, compressed);
    renameSync(temporary, file);
    return compressed;
  };
}
