// What the hook learns of taps in its own network namespace, from sysfs: it runs without capabilities, as the VM's own user.
// The alias of a tap that KubeVirt made comes from the node's agent a moment later, so it is waited for.

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { parseAlias, type TapAlias } from "../tap/alias.ts";
import { ifNameFault } from "../tap/name.ts";

export interface TapFacts {
  /** Undefined where no alias of mqtap came. */
  readonly alias: TapAlias | undefined;
  /** IFF_MULTI_QUEUE; undefined where there is no such tap. */
  readonly isMultiQueue: boolean | undefined;
}

const O_RDONLY = 0;
/** linux/if_tun.h */
const IFF_MULTI_QUEUE = 0x0100;
/** In one call, for all taps together. */
const longestWaitMs = 2000;
const pollMs = 20;

/** Facts of every named tap; waits until each has an alias of ours, or the time is up. */
export function readTaps(sys: Syscalls, names: ReadonlySet<string>): ReadonlyMap<string, TapFacts> {
  const aliases = waitForAliases(sys, names);
  return new Map(
    [...names].map((name) => [name, { alias: aliases.get(name), isMultiQueue: readIsMultiQueue(sys, name) }]),
  );
}

function waitForAliases(sys: Syscalls, names: ReadonlySet<string>): ReadonlyMap<string, TapAlias> {
  const found = new Map<string, TapAlias>();
  const missing = new Set([...names].filter((name) => ifNameFault(name) === undefined));
  const deadlineMs = sys.monotonicMs() + longestWaitMs;
  for (;;) {
    const leftMs = deadlineMs - sys.monotonicMs();
    for (const name of missing) {
      const alias = parseAlias(readAttribute(sys, name, "ifalias"));
      if (alias !== undefined) {
        found.set(name, alias);
        missing.delete(name);
      } else if (leftMs > 0) {
        // The others are looked at when this one is there, or at the end: all of them are needed.
        break;
      }
    }
    if (missing.size === 0 || leftMs <= 0) return found;
    sys.sleep(Math.min(pollMs, leftMs));
  }
}

function readIsMultiQueue(sys: Syscalls, name: string): boolean | undefined {
  if (ifNameFault(name) !== undefined) return undefined;
  const flags = readAttribute(sys, name, "tun_flags") ?? "";
  return /^0x[0-9a-f]{1,8}$/.test(flags) ? (Number(flags) & IFF_MULTI_QUEUE) !== 0 : undefined;
}

/** /sys/class/net/<name>/<attribute> without its line feed; undefined where there is none, or nothing in it. */
function readAttribute(sys: Syscalls, name: string, attribute: string): string | undefined {
  try {
    const fd = sys.openIfThere(`/sys/class/net/${name}/${attribute}`, O_RDONLY);
    if (fd === undefined) return undefined;
    try {
      const text = sys.readToEnd(fd);
      return text.endsWith("\n") ? text.slice(0, -1) : undefined;
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    // The link may go, or be renamed, at any time.
    if (!(error instanceof SyscallError)) throw error;
    return undefined;
  }
}
