// Builds Go programs into a directory that appears all at once. Two builds of the same thing do not disturb each
// other: the second waits for the first and finds its work done.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unpackDebianPackage } from "./debian-archive.mjs";
import { withLock } from "./lock.mjs";
import { startProgress } from "./progress.mjs";
import { runQuietly, SetupError } from "./run.mjs";

const overlayFile = "overlay.json";
const headersFolder = "debian";

/** Builds a group of programs; `directory` holds all of them afterwards. `isBackground`: others write to the terminal. */
export async function buildGoPrograms({ name, group, source, directory, ldflags, isBackground, env }) {
  const { programs, title, usually } = group;
  const names = Object.keys(programs);
  mkdirSync(dirname(directory), { recursive: true });
  const progress = startProgress({ title, usually, isBackground });
  const plainEnv = { ...env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -trimpath -buildvcs=false" };
  try {
    progress.update("waiting for another build of the same");
    await withLock(`${directory}.lock`, async () => {
      if (names.every((program) => existsSync(join(directory, program)))) return;
      progress.update("fetching Go modules (about 100 MB)");
      const building = mkdtempSync(`${directory}.`);
      try {
        const cgo = await cgoSettings({ cgo: group.cgo, env: plainEnv, directory: building });
        const goEnv = { ...plainEnv, ...cgo.env };
        const overlay = await overlayFlags({ overlay: group.overlay, source, env: goEnv, directory: building });
        const packages = await runQuietly(
          ["go", "list", "-deps", ...overlay, ...cgo.flags, ...Object.values(programs)],
          {
            cwd: source,
            env: goEnv,
          },
        );
        const count = countCompiled(packages.length, (text) => progress.update(text));
        const linked = [ldflags, ...cgo.ldflags].join(" ");
        const flags = ["-v", ...overlay, ...cgo.flags, "-ldflags", linked, "-o", `${building}/`];
        const argv = ["go", "build", ...flags, ...Object.values(programs)];
        await runQuietly(argv, { cwd: source, env: goEnv, onLine: count });
        for (const [program, goPackage] of Object.entries(programs)) {
          renameSync(join(building, defaultProgramName(goPackage)), join(building, program));
        }
        for (const name of [overlayFile, headersFolder]) rmSync(join(building, name), { recursive: true, force: true });
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

/**
 * What go build is told in order to compile C against Debian's development packages, which are unpacked and not installed; static,
 * as they are not there when the program runs.
 * pkg-config, which would find installed ones only, is `true`: it says nothing, successfully.
 */
async function cgoSettings({ cgo, env, directory }) {
  if (cgo === undefined) return { env: {}, flags: [], ldflags: [] };
  const usr = join(directory, headersFolder, "usr");
  for (const name of cgo.packages) await unpackDebianPackage({ name, directory: join(directory, headersFolder), env });
  const libraries = cgo.libraries.map((library) => `-l${library}`).join(" ");
  return {
    env: {
      CGO_ENABLED: "1",
      PKG_CONFIG: "true",
      CGO_CFLAGS: `-I${usr}/include`,
      CGO_LDFLAGS: `-L${usr}/lib/x86_64-linux-gnu ${libraries}`,
    },
    flags: ["-tags", cgo.tags.join(",")],
    ldflags: cgo.libraries.length === 0 ? [] : ["-extldflags", "-static"],
  };
}

/** go's -overlay: files of a module that the source's go.mod pins, laid over one of the source's own folders. */
async function overlayFlags({ overlay, source, env, directory }) {
  if (overlay === undefined) return [];
  const lines = await runQuietly(["go", "mod", "download", "-json", overlay.module], { cwd: source, env });
  const moduleDirectory = downloadedTo(lines);
  const path = join(directory, overlayFile);
  writeFileSync(path, JSON.stringify(overlayOf({ overlay, source, moduleDirectory })));
  return ["-overlay", path];
}

/** Where `go mod download -json` says the module lies; what else go prints beside the JSON is passed over. */
export function downloadedTo(lines) {
  const found = lines.map((line) => /^\s*"Dir": (".*"),?$/.exec(line)?.[1]).find((dir) => dir !== undefined);
  if (found === undefined) throw new SetupError(`cannot find the module that go downloaded:\n${lines.join("\n")}`);
  return JSON.parse(found);
}

/** The content of the file that -overlay takes. */
export function overlayOf({ overlay, source, moduleDirectory }) {
  const entries = overlay.files.map((file) => [
    join(source, overlay.folder, file),
    join(moduleDirectory, overlay.from, file),
  ]);
  return { Replace: Object.fromEntries(entries) };
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
