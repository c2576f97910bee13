// Network namespaces for the benchmarks, and taps to fill them with; `ip -batch` makes hundreds in one process.
import { execFileSync } from "node:child_process";

/** Makes namespaces, hands on their paths and removes them, whatever happens. */
export function withNamespaces<T>(count: number, use: (paths: readonly string[]) => T): T {
  const names = Array.from({ length: count }, (_, index) => `mqtap-bench-${process.pid}-${index}`);
  try {
    batch(names.map((name) => `netns add ${name}`));
    return use(names.map((name) => `/run/netns/${name}`));
  } finally {
    // The rest is still removed where one is not there.
    batch(
      names.map((name) => `netns del ${name}`),
      ["-force"],
    );
  }
}

/** As {@link withNamespaces}, for one. */
export function withNamespace<T>(use: (path: string) => T): T {
  return withNamespaces(1, ([path = ""]) => use(path));
}

/** Puts single-queue taps that are up into the namespace at `path`: those of the names fill<from> up to before fill<to>. */
export function fillWithTaps(path: string, { from, to }: { readonly from: number; readonly to: number }): void {
  const names = Array.from({ length: to - from }, (_, index) => `fill${from + index}`);
  if (names.length === 0) return;
  const commands = names.map((name) => [`tuntap add dev ${name} mode tap`, `link set dev ${name} up`]);
  batch(commands.flat(), ["-netns", path.slice(path.lastIndexOf("/") + 1)]);
}

function batch(commands: readonly string[], options: readonly string[] = []): void {
  execFileSync("ip", [...options, "-batch", "-"], {
    input: `${commands.join("\n")}\n`,
    stdio: ["pipe", "ignore", "ignore"],
  });
}
