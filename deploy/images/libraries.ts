// The shared libraries that a program needs, and the loader that finds them: what the image has to hold besides it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../local/command.ts";

/** What an ELF file asks for. */
export interface ElfNeeds {
  readonly interpreter?: string;
  readonly needed: readonly string[];
}

/** A file of this machine, and where the loader looks for it in the image. */
export interface Library {
  readonly path: string;
  readonly file: string;
}

/** Reads ELF's program header and dynamic section. */
async function readElfNeeds(file: string): Promise<ElfNeeds> {
  const { stdout } = await runCommand(["readelf", "--wide", "--program-headers", "--dynamic", file], {
    env: { ...process.env, LC_ALL: "C" },
  });
  return parseElfNeeds(stdout);
}

/** What readelf said. */
export function parseElfNeeds(said: string): ElfNeeds {
  const interpreter = /\[Requesting program interpreter: (.+)\]/.exec(said)?.[1];
  const needed = [...said.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name = ""]) => name);
  return interpreter === undefined ? { needed } : { interpreter, needed };
}

/** Where Debian's loader looks for libraries of an architecture, before any cache. */
export function libraryFolders(triplet: string): string[] {
  return [`/lib/${triplet}`, `/usr/lib/${triplet}`];
}

/** All libraries that `program` needs, directly or not, and its loader. @throws Error naming one that is not to be found */
export async function findLibraries({
  program,
  folders,
  sysroot = "/",
  readNeeds = readElfNeeds,
  exists = existsSync,
}: {
  readonly program: string;
  readonly folders: readonly string[];
  readonly sysroot?: string;
  readonly readNeeds?: (file: string) => Promise<ElfNeeds>;
  readonly exists?: (file: string) => boolean;
}): Promise<Library[]> {
  const { interpreter, needed } = await readNeeds(program);
  if (interpreter === undefined) throw new Error(`cannot find the libraries of "${program}": it names no loader`);
  const loaderName = interpreter.split("/").at(-1);
  const found = new Map<string, Library>();
  const wanted = needed.filter((name) => name !== loaderName);
  for (const name of wanted) {
    if (found.has(name)) continue;
    const path = folders.map((folder) => join(folder, name)).find((candidate) => exists(join(sysroot, candidate)));
    if (path === undefined)
      throw new Error(`cannot find "${name}", which "${program}" needs, in ${folders.join(", ")}`);
    const file = join(sysroot, path);
    found.set(name, { path, file });
    const further = await readNeeds(file);
    wanted.push(...further.needed.filter((one) => one !== loaderName)); // the loop goes on with them
  }
  return [{ path: interpreter, file: join(sysroot, interpreter) }, ...found.values()].toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  );
}
