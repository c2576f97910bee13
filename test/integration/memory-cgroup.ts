// A memory cgroup of our own, of version 1 or 2 as the machine has it: the container that a plugin runs in, as far as memory
// goes (Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst of the kernel).

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The files of one version. */
interface Version {
  readonly root: string;
  readonly limit: string;
  /** Where swap would hide what does not fit: the file, and what forbids it. Absent without swap accounting. */
  readonly swap: (limitBytes: number) => readonly [file: string, value: string];
  /** Has a line `oom_kill <count>`. */
  readonly events: string;
  readonly peak: string;
}

const versions: readonly Version[] = [
  {
    root: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    swap: (limitBytes) => ["memory.memsw.limit_in_bytes", String(limitBytes)],
    events: "memory.oom_control",
    peak: "memory.max_usage_in_bytes",
  },
  {
    root: "/sys/fs/cgroup",
    limit: "memory.max",
    swap: () => ["memory.swap.max", "0"],
    events: "memory.events",
    peak: "memory.peak",
  },
];

/** Why there can be no cgroup here, for a test to skip with; undefined where there can. */
export function reasonForNoCgroup(): string | undefined {
  if (process.getuid?.() !== 0) return "cgroups need root";
  return usableVersion() === undefined ? "the machine lets nobody make a memory cgroup" : undefined;
}

export class MemoryCgroup implements Disposable {
  readonly #version: Version;
  readonly #folder: string;

  /** @throws where {@link reasonForNoCgroup} has a reason. */
  constructor(name: string, limitMiB: number) {
    const version = usableVersion();
    if (version === undefined) throw new Error(`cannot make a memory cgroup: ${reasonForNoCgroup()}`);
    this.#version = version;
    this.#folder = join(version.root, `mqtap-${process.pid}-${name}`);
    mkdirSync(this.#folder);
    const limitBytes = limitMiB * 1024 * 1024;
    this.#write(version.limit, String(limitBytes));
    const [swapFile, noSwap] = version.swap(limitBytes);
    if (existsSync(join(this.#folder, swapFile))) this.#write(swapFile, noSwap);
  }

  /** The command that runs `argv` inside, as the same process. */
  enter(argv: readonly string[]): string[] {
    return ["sh", "-c", 'echo $$ >"$0" && exec "$@"', join(this.#folder, "cgroup.procs"), ...argv];
  }

  /** How many processes the kernel killed because the limit was too low for them. */
  oomKills(): number {
    return Number(/^oom_kill (\d+)$/m.exec(this.#read(this.#version.events))?.[1]);
  }

  /** The most that was ever charged; undefined where the kernel does not tell (version 2 before Linux 5.19). */
  peakMiB(): number | undefined {
    if (!existsSync(join(this.#folder, this.#version.peak))) return undefined;
    return Number(this.#read(this.#version.peak)) / 1024 / 1024;
  }

  /** All processes must have ended. */
  [Symbol.dispose](): void {
    rmdirSync(this.#folder);
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), "utf8");
  }

  #write(file: string, value: string): void {
    writeFileSync(join(this.#folder, file), value);
  }
}

/** Version 1 has its limit's file at the root; version 2 gives children the controller only where the root says so. */
function usableVersion(): Version | undefined {
  return versions.find(({ root, limit }) => {
    if (existsSync(join(root, "memory.limit_in_bytes"))) return limit === "memory.limit_in_bytes";
    const given = join(root, "cgroup.subtree_control");
    return limit === "memory.max" && existsSync(given) && /\bmemory\b/.test(readFileSync(given, "utf8"));
  });
}
