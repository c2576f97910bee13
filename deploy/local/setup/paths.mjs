// Where things are: this checkout, and the cache outside it that survives a fresh clone.
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout's root. */
export const root = resolve(import.meta.dirname, "../../..");

/** Node.js 26, which comes as a development dependency. */
export const node26 = join(root, "node_modules/.bin/node");

/** Directory of slow builds' results. */
export function cacheDirectory(env) {
  const base = env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : join(env.HOME || homedir(), ".cache");
  return join(base, "mqtap");
}
