// What the images of the bed of whole nodes hold: our static C programs, and Debian's static busybox, unpacked and never
// installed. They are kept beside the other slow results; dist/bed is a link to them.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { unpackDebianPackage } from "./debian-archive.mjs";
import { replaceLink } from "./link.mjs";
import { withLock } from "./lock.mjs";
import { startProgress } from "./progress.mjs";
import { runQuietly, SetupError } from "./run.mjs";

const compilerFlags = ["-Os", "-static", "-s", "-Wall", "-Wextra", "-Werror"];
const busyboxPackage = "busybox-static";

/** Equal keys, equal programs. `sources` are pairs of file name and text. */
export function bedProgramsKey(sources) {
  return createHash("sha256")
    .update(JSON.stringify([sources, compilerFlags, busyboxPackage]))
    .digest("hex")
    .slice(0, 16);
}

/** Builds the programs or finds them, and links `link` to their folder. */
export async function provideBedPrograms({ root, link, cache, env, isBackground = false }) {
  const folder = join(root, "deploy/local/bed/programs");
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".c"))
    .toSorted();
  const key = bedProgramsKey(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
  const directory = join(cache, `bed-${key}`);
  if (!existsSync(directory)) {
    mkdirSync(cache, { recursive: true });
    const progress = startProgress({ title: "building the programs of test images", usually: "5 s", isBackground });
    try {
      await withLock(`${directory}.lock`, () =>
        buildOnce({ directory, sources: files.map((file) => join(folder, file)), env }),
      );
      progress.done();
    } catch (error) {
      progress.failed();
      throw new SetupError(`cannot build the programs of test images: ${error.message}`, { cause: error });
    }
  }
  mkdirSync(dirname(link), { recursive: true });
  replaceLink(link, directory);
}

async function buildOnce({ directory, sources, env }) {
  if (existsSync(directory)) return;
  const building = mkdtempSync(`${directory}.`);
  try {
    for (const source of sources) {
      await runQuietly(["gcc", ...compilerFlags, "-o", join(building, basename(source, ".c")), source], { env });
    }
    const unpacked = join(building, "debian");
    await unpackDebianPackage({ name: busyboxPackage, directory: unpacked, env });
    renameSync(join(unpacked, "bin/busybox"), join(building, "busybox"));
    rmSync(unpacked, { recursive: true });
    renameSync(building, directory);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}
