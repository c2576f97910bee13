// A program of this machine for a guest: the file under /usr/bin, which comes before busybox' tools in PATH, and the shared
// libraries that it needs. Busybox' sh prefers its own tools all the same: name a program of both by its path.

import { spawnSync } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { GuestFile } from "./run-guest.ts";

/** @throws when no folder of PATH has it. */
export function programFiles(name: string, folder = "/usr/bin"): Readonly<Record<string, GuestFile>> {
  const program = findProgram(name);
  const paths = [...librariesOf(realpathSync(program))].map((path) => [path, { from: path }]);
  return { [`${folder}/${name}`]: { from: program }, ...Object.fromEntries(paths) };
}

function findProgram(name: string): string {
  const folders = `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) throw new Error(`cannot put "${name}" into a guest: no folder of PATH has it`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Paths as the loader finds them; none for a static program. */
function librariesOf(program: string): readonly string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
