// Points a symbolic link somewhere else in one step, so that whoever is reading through it sees the old or the new target.
import { readlinkSync, renameSync, symlinkSync } from "node:fs";

/** Makes `link` lead to `path`; does nothing when it does already. */
export function replaceLink(link, path) {
  if (targetOf(link) === path) return;
  const next = `${link}.${process.pid}`;
  symlinkSync(path, next);
  renameSync(next, link);
}

function targetOf(link) {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
}
