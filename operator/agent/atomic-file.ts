// Replaces a file as a whole or not at all, and so that it survives a power cut: temp file, fsync, rename, fsync of the
// directory.

import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** One caller at a time for each path: the temp file's name is fixed, so that a crash leaves at most one. */
export async function writeFileAtomic(path: string, text: string, mode: number): Promise<void> {
  const directory = dirname(path);
  const temporary = `${path}.new`;
  await mkdir(directory, { recursive: true, mode: 0o755 });
  try {
    const file = await open(temporary, "w", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  const parent = await open(directory, "r");
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}
