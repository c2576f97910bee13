// npm ci, when node_modules is not what the lockfile says.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startProgress } from "./progress.mjs";
import { runQuietly } from "./run.mjs";

/** Installs what the lockfile pins, unless it is there. */
export async function installNodeModules({ root, env }) {
  if (isInstalled(readLock(join(root, "package-lock.json")), readLock(join(root, "node_modules/.package-lock.json")))) {
    return;
  }
  const progress = startProgress({ title: "npm ci", usually: "20 s" });
  try {
    await runQuietly(["npm", "ci", "--no-progress"], { cwd: root, env });
    progress.done();
  } catch (error) {
    progress.failed();
    throw error;
  }
}

/**
 * Whether npm's own record of what it installed agrees with the lockfile. Optional packages may be absent (those of
 * other platforms are), but not different.
 */
export function isInstalled(lock, installed) {
  if (lock === undefined || installed === undefined) return false;
  const wanted = Object.entries(lock.packages ?? {}).filter(([path]) => path !== "");
  const names = new Set(wanted.map(([path]) => path));
  return (
    wanted.every(([path, entry]) => {
      const found = installed.packages?.[path];
      if (found === undefined) return entry.optional === true;
      return found.version === entry.version && found.integrity === entry.integrity;
    }) && Object.keys(installed.packages ?? {}).every((path) => names.has(path))
  );
}

function readLock(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}
