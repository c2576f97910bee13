// The kernel that guests boot, as set-up left it under dist/guest, and which of its modules need which others.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface GuestKernel {
  /** The bzImage. */
  readonly image: string;
  readonly modules: string;
  /** As uname -r tells it. */
  readonly release: string;
  /** Debian's package and its version. */
  readonly origin: string;
}

const directory = fileURLToPath(new URL("../../dist/guest", import.meta.url));

/** @throws when set-up did not provide it. */
export function findKernel(): GuestKernel {
  const { name, version, release } = readOrigin();
  return {
    image: join(directory, "vmlinuz"),
    modules: join(directory, "modules"),
    release: String(release),
    origin: `${name} ${version}`,
  };
}

function readOrigin(): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  } catch (cause) {
    throw new Error(`cannot read "${directory}": no kernel was set up for guests: run "npm run guest"`, { cause });
  }
}

/** Files of these modules and of all they depend on, in the order of loading. What is built into the kernel is left out. */
export function modulesInOrder(kernel: Pick<GuestKernel, "modules">, wanted: readonly string[]): readonly string[] {
  const files = new Map<string, string>();
  for (const path of readdirSync(kernel.modules, { recursive: true, encoding: "utf8" })) {
    if (path.endsWith(".ko")) files.set(moduleName(path), join(kernel.modules, path));
  }
  const builtIn = readFileSync(join(kernel.modules, "modules.builtin"), "utf8").split("\n").map(moduleName);
  const ordered = new Set<string>();
  const add = (name: string): void => {
    const file = files.get(moduleName(name));
    if (file === undefined) {
      if (builtIn.includes(moduleName(name))) return;
      throw new Error(`cannot load module "${name}": the guest's kernel has none`);
    }
    if (ordered.has(file)) return;
    dependenciesOf(readFileSync(file)).forEach(add);
    ordered.add(file);
  };
  wanted.forEach(add);
  return [...ordered];
}

/** Files have dashes where the kernel has underscores, or not. */
function moduleName(path: string): string {
  return basename(path, ".ko").replaceAll("-", "_");
}

/** From the strings of the section .modinfo (include/linux/moduleparam.h). */
export function dependenciesOf(module: Uint8Array): readonly string[] {
  const listed = /\0depends=([^\0]*)\0/.exec(Buffer.from(module).toString("latin1"))?.[1] ?? "";
  return listed === "" ? [] : listed.split(",");
}
