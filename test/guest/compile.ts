// What guests need and no package has: small C programs, linked statically, and SELinux policies. Both come as files of a guest.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Compiles tools/<name>.c to `output`. */
export function compileTool(name: string, output: string): void {
  run("gcc", ["-O1", "-Wall", "-Werror", "-static", "-o", output, `${folder}tools/${name}.c`]);
}

/** Compiles an SELinux policy; what it does not know is allowed, so it has to name only what it restricts. */
export function compilePolicy(source: string, output: string): void {
  run("checkpolicy", ["-M", "-U", "allow", "-o", output, `${folder}${source}`]);
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`cannot run ${program} ${args.join(" ")}: ${error?.message ?? stderr}`);
}
