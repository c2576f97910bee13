// Whether adoption works on this node, for the profile's conditions: an administrator looks there, not into the agent's log. Pure.

import type { Problem } from "../reasons.ts";
import type { CacheTrouble } from "./sandbox-watcher.ts";

/** What is wrong, by the trouble with the runtime's cache at `path`. */
export function adoptionProblems(trouble: CacheTrouble | undefined, path: string): readonly Problem[] {
  if (trouble === undefined) return [];
  const message = `taps that KubeVirt makes itself are not adopted on this node: ${texts[trouble](path)}`;
  return [{ reason: "AdoptionUnavailable", message }];
}

const switchedOff = "switch adoption off with an empty --cni-cache-dir";

const texts: Readonly<Record<CacheTrouble, (path: string) => string>> = {
  absent: (path) =>
    `the container runtime keeps no cache at ${path}: say with the agent's flag --cni-cache-dir where it is, or ${switchedOff}`,
  unreadable: (path) => `${path}, the container runtime's cache, cannot be read: look at the agent's log`,
  "without-netns": (path) =>
    `entries in ${path} name no network namespace, as the runtime's libcni is older than 1.2: update the runtime, or ${switchedOff}`,
};
