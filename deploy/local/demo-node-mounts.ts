// The shell script that turns a fresh mount namespace into a node of its own: empty /run, /var/lib and /var/log, in which only
// what the node's programs need stays visible. Pure: paths in, script out.
import { quoted } from "./shell-quote.ts";

/** Directories that a demo node has for itself. */
const privateDirectories = ["/run", "/var/lib", "/var/log"] as const;

/**
 * The script for /bin/sh. Of `keep` (absolute directories), those below a private directory are bound back in; each
 * is held open by a file descriptor over the mount that hides it. The last line tells that all is done.
 */
export function renderMountScript(keep: readonly string[]): string {
  const hidden = outermost(keep).filter((path) => privateDirectories.some((root) => isBelow(path, root)));
  const firstFd = 3;
  if (hidden.length > 7) throw new RangeError(`cannot keep ${hidden.length} directories visible: sh has 7 descriptors`);
  return [
    "set -eu",
    ...hidden.map((path, index) => `exec ${firstFd + index}<${quoted(path)}`),
    ...privateDirectories.map((root) => `mount -t tmpfs -o mode=0755 mqtap-node ${root}`),
    // --no-canonicalize, or mount would read the link and bind the hidden path's new, empty namesake
    ...hidden.flatMap((path, index) => [
      `mkdir -p ${quoted(path)}`,
      `mount --no-canonicalize --rbind "/proc/$$/fd/${firstFd + index}" ${quoted(path)}`,
      `exec ${firstFd + index}<&-`,
    ]),
    "mkdir -p /run/netns /var/lib/mqtap /var/lib/cni",
    "echo ready",
    "exec cat",
    "",
  ].join("\n");
}

function outermost(paths: readonly string[]): readonly string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && isBelow(path, other)));
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(`${root}/`);
}
