// Listing folders that may come and go while they are listed: one that is not there has nothing in it.
import { readdirSync } from "node:fs";

/** What a folder holds; nothing when it is not there, or has gone while we looked. */
export function listEntries(path) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}

/** Paths of all folders below this one, each before those in it. Node's own recursion fails when one goes. */
export function findFolders(path) {
  const folders = listEntries(path).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => [`${path}/${name}`, ...findFolders(`${path}/${name}`)]);
}
