// Builds Go programs into a directory that appears all at once. Two builds of the same thing do not disturb each
// other: the second waits for the first and finds its work done.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { startProgress } from "./progress.mjs";
import { runQuietly, SetupError } from "./run.mjs";

/** Builds a group of programs; `directory` holds all of them afterwards. `isBackground`: others write to the terminal. */
export async function buildGoPrograms({ name, group, source, directory, ldflags, isBackground, env }) {
  const { programs, title, usually } = group;
  const names = Object.keys(programs);
  mkdirSync(dirname(directory), { recursive: true });
  const progress = startProgress({ title, usually, isBackground });
  const goEnv = { ...env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -trimpath -buildvcs=false" };
  try {
    progress.update("waiting for another build of the same");
    await withLock(`${directory}.lock`, async () => {
      if (names.every((program) => existsSync(join(directory, program)))) return;
      progress.update("fetching Go modules (about 100 MB)");
      const packages = await runQuietly(["go", "list", "-deps", ...Object.values(programs)], {
        cwd: source,
        env: goEnv,
      });
      const count = countCompiled(packages.length, (text) => progress.update(text));
      const building = mkdtempSync(`${directory}.`);
      try {
        const argv = ["go", "build", "-v", "-ldflags", ldflags, "-o", `${building}/`, ...Object.values(programs)];
        await runQuietly(argv, { cwd: source, env: goEnv, onLine: count });
        for (const [program, goPackage] of Object.entries(programs)) {
          renameSync(join(building, defaultProgramName(goPackage)), join(building, program));
        }
        rmSync(directory, { recursive: true, force: true });
        renameSync(building, directory);
      } finally {
        rmSync(building, { recursive: true, force: true });
      }
    });
    progress.done();
  } catch (error) {
    progress.failed();
    throw new SetupError(`cannot build ${name}: ${error.message}`, { cause: error });
  }
}

/** The name go build gives a program: the last element of the package's path that is no version. */
export function defaultProgramName(goPackage) {
  return goPackage.split("/").findLast((element) => !/^v\d+$/.test(element));
}

/** Reads the lines of `go build -v`, which names each package once it is being compiled. */
export function countCompiled(total, tell) {
  const compiled = new Set();
  return (line) => {
    if (line.startsWith("go: ") || line.startsWith("#") || line.includes(" ")) return;
    compiled.add(line);
    tell(`${compiled.size} of ${total} packages`);
  };
}
