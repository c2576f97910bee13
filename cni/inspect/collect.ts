// Walks network namespaces one after the other and reports their taps. What cannot be read is told and stops nothing.

import type { Kernel } from "../kernel/kernel.ts";
import { NetlinkFormatError } from "../netlink/attribute.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { readTunDevice } from "../tun/tun-device.ts";
import { describeTap } from "./describe-tap.ts";
import type { InspectOptions } from "./options.ts";
import { isOutOfMemory } from "./out-of-memory.ts";
import type { InspectFailure, InspectReport, TapReport } from "./report.ts";

/** A pod with NET_ADMIN may make as many as it likes; it shall not hide those of others by filling our memory. */
const mostTaps = 4096;

/** The namespace that this process runs in. */
const ownPath = "/proc/self/ns/net";

export interface CollectEffects {
  readonly kernel: Kernel;
  readonly sys: Pick<Syscalls, "readDirectory" | "stat" | "open" | "close" | "ioctl">;
  /** Where runtimes keep namespaces. Asked when every namespace is wanted. */
  readonly netnsDirs: () => readonly string[];
}

/** No namespace can be entered by this user. */
export class NoPermissionError extends Error {
  override readonly name = "NoPermissionError";
}

/** @throws NoPermissionError where every namespace is closed to us. */
export function collect({ kernel, sys, netnsDirs }: CollectEffects, options: InspectOptions): InspectReport {
  const { scope, hasForeign } = options;
  const taps: TapReport[] = [];
  const failures: InspectFailure[] = [];
  const seen = new Set<string>();
  let isForbidden = false;
  const attempt = (netns: string, read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (error instanceof SyscallError && (error.code === "EPERM" || error.code === "EACCES")) isForbidden = true;
      failures.push({ netns, why: explain(error) });
    }
  };
  const visit = (netns: string): void =>
    attempt(netns, () => {
      using namespace = kernel.openNamespace(netns);
      if (namespace === undefined) {
        failures.push({ netns, why: "there is no network namespace, or none any more" });
        return;
      }
      const netnsIdentity = namespace.identity;
      if (seen.has(netnsIdentity)) return;
      seen.add(netnsIdentity);
      const links = namespace.links();
      const names = new Map(links.map(({ index, name }) => [index, name]));
      const own = taps.length;
      for (const link of links) {
        const tap = describeTap(link, { netns, netnsIdentity, names }, hasForeign);
        if (tap !== undefined) taps.push(tap);
        if (taps.length - own <= mostTaps) continue;
        taps.pop();
        failures.push({ netns, why: `it has more than ${mostTaps} taps: the rest is left out` });
        break;
      }
    });
  if (scope.kind === "all") {
    for (const directory of distinctDirectories(sys, netnsDirs())) {
      attempt(directory, () => {
        for (const name of [...sys.readDirectory(directory)].sort()) visit(`${directory}/${name}`);
      });
    }
  }
  visit(scope.kind === "path" ? scope.path : ownPath);
  if (isForbidden && seen.size === 0) throw new NoPermissionError(failures[0]?.why);
  return { tun: readTunDevice(sys), taps, failures };
}

/** What stops one namespace and not the others. */
function explain(error: unknown): string {
  if (error instanceof SyscallError || error instanceof NetlinkFormatError) return error.message;
  if (isOutOfMemory(error)) return "it has more links than fit into memory";
  throw error;
}

/** Those that exist, each once: /var/run is mostly a link to /run. */
function distinctDirectories(sys: CollectEffects["sys"], directories: readonly string[]): readonly string[] {
  const found = new Map<string, string>();
  for (const directory of directories) {
    try {
      const { dev, ino } = sys.stat(directory);
      if (!found.has(`${dev}:${ino}`)) found.set(`${dev}:${ino}`, directory);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      // What is there and cannot be looked at shall be told when it is read.
      if (error.code !== "ENOENT") found.set(directory, directory);
    }
  }
  return [...found.values()];
}
