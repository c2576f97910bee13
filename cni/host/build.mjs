// Builds the static binaries: esbuild makes one bundle of a program's TypeScript, cargo compiles it to bytecode and embeds
// it in the host (build.rs). Does nothing when no input has changed. Runs under Node 20, alone or from set-up.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What the engine of a program may hold: the plugin runs beside others in Multus' container of 50 MiB. */
const usualMemoryMiB = 16;

/**
 * What can be built: dist/<name>, from the entry points of its programs; one that needs more memory than usual says so. The
 * first program is the one that starts.
 */
const binaries = {
  mqtap: {
    programs: {
      mqtap: "cni/start.ts",
      "mqtap-add": "cni/programs/add.ts",
      "mqtap-del": "cni/programs/del.ts",
      "mqtap-status": "cni/programs/status.ts",
      "mqtap-verbs": "cni/programs/verbs.ts",
      "mqtap-log": "cni/programs/log.ts",
      "mqtap-attach": "cni/programs/attach.ts",
      "mqtap-inspect": "cni/programs/inspect.ts",
      "mqtap-adopt": "cni/programs/adopt.ts",
      // KubeVirt's sidecar-shim looks for the hook by this name. Beside it runs only the shim, in 64 MB.
      onDefineDomain: { entry: "cni/programs/on-define-domain.ts", memoryMiB: 32 },
    },
    features: [],
  },
  // For tests: the conformance suites as the program, and a way to make the host panic.
  "mqtap-conformance": {
    programs: {
      "mqtap-conformance": "test/conformance/native/main.ts",
      "mqtap-failing": "test/conformance/native/failing/main.ts",
      "mqtap-hungry": { entry: "test/conformance/native/hungry/main.ts", memoryMiB: 32 },
    },
    features: ["conformance"],
  },
};

const targets = { x64: "x86_64-unknown-linux-gnu", arm64: "aarch64-unknown-linux-gnu" };
/** A panic aborts, so nothing unwinds and nobody reads the tables for it. */
const rustFlags = [
  "-Ctarget-feature=+crt-static",
  "-Crelocation-model=static",
  "-Cforce-unwind-tables=no",
  "-Clink-arg=-Wl,--no-eh-frame-hdr",
];
/** PIC would keep the engine's functions apart, for a linker that may replace them. */
const cFlags = [
  "-fPIE",
  "-fno-asynchronous-unwind-tables",
  ...["functions", "loops", "jumps", "labels"].map((what) => `-falign-${what}=1`),
];
const maxAttempts = 3;

/**
 * Makes dist/<name>, dist/mqtap unless told otherwise, and for each of its programs the source map dist/<program>.js.map.
 * `log` gets a line for each step; `env` tells where the toolchain is. For another machine's architecture `cross` names it
 * (`arch`), a folder of dist for it, the toolchain in cargo's variables (`env`) and what changes when that changes (`key`).
 */
export async function buildBinary({ root, log = () => {}, env = process.env, name = "mqtap", cross }) {
  const { programs, features } = binaries[name];
  const arch = cross?.arch ?? process.arch;
  const target = targets[arch];
  if (target === undefined) throw new Error(`cannot build for ${arch}: use x64 or arm64`);
  const bundles = await Promise.all(
    Object.entries(programs).map(async ([program, told]) => {
      const { entry, memoryMiB } = typeof told === "string" ? { entry: told, memoryMiB: usualMemoryMiB } : told;
      return { ...(await makeBundle({ root, program, entry })), memoryMiB };
    }),
  );
  const codes = bundles.flatMap(({ code, memoryMiB }) => [code, `${memoryMiB}`]);
  const toolchain = cross === undefined ? [] : [cross.key];
  const inputs = hashOf([...codes, ...rustFlags, ...cFlags, target, ...toolchain, ...features, ...hostSources(root)]);
  const dist = join(root, "dist", cross?.folder ?? "");
  const stampFile = join(dist, `.${name}.inputs`);
  const binary = join(dist, name);
  if (existsSync(binary) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === inputs) return;

  mkdirSync(dist, { recursive: true });
  mkdirSync(join(root, "dist/bundles"), { recursive: true });
  for (const { path, code } of bundles) put(path, code);
  const list = bundles.map(({ program, memoryMiB, path }) => `${program}:${memoryMiB}=${path}`).join(",");
  const build = { root, log, target, features, inputs, list };
  const directory = join(targetDirectory(env), cross?.folder ?? "");
  await compile({ ...build, binary, targetDirectory: directory, env: { ...env, ...cross?.env } });
  for (const { program, map } of bundles) put(join(root, "dist", `${program}.js.map`), map);
  put(stampFile, inputs);
}

/** The programs in dist/<name>; each has a source map dist/<program>.js.map. */
export function programsOf(name) {
  return Object.keys(binaries[name].programs);
}

async function makeBundle({ root, program, entry }) {
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(root, "dist", `${program}.js`),
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    supported: { using: false },
    external: ["sys"],
    minifySyntax: true,
    minifyWhitespace: true, // names stay: stacks show them
    sourcemap: "external",
    legalComments: "none",
    write: false,
    logLevel: "silent",
  });
  const [map, code] = ["js.map", "js"].map((end) => outputFiles.find(({ path }) => path.endsWith(`.${end}`)).text);
  return { program, path: join(root, "dist/bundles", `${program}.js`), code, map };
}

/** Whoever changes the host gets another binary. */
function hostSources(root) {
  const host = join(root, "cni/host");
  const sources = readdirSync(join(host, "src"), { recursive: true }).filter((path) => path.endsWith(".rs"));
  const files = ["Cargo.toml", "Cargo.lock", "build.rs", ...sources.sort().map((path) => join("src", path))];
  return files.map((path) => `${path}\n${readFileSync(join(host, path), "utf8")}`);
}

async function compile({ root, log, target, features, inputs, list, binary, targetDirectory, env }) {
  const made = join(targetDirectory, target, "release/mqtap-host");
  const args = ["build", "--release", "--locked", "--target", target, "--features", features.join(",")];
  const cwd = join(root, "cni/host");
  await runCargo({ args: ["fetch", "--locked", "--target", target], cwd, env, log });
  const cargoEnv = {
    ...env,
    CARGO_TARGET_DIR: targetDirectory,
    CARGO_ENCODED_RUSTFLAGS: [...rustFlags, ...withoutBuildPaths(env)].join("\x1f"),
    MQTAP_PROGRAMS: list,
    MQTAP_INPUTS: inputs,
    [`CFLAGS_${target.replaceAll("-", "_")}`]: cFlags.join(" "),
  };
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    await runCargo({ args, cwd, env: cargoEnv, log });
    const temporary = `${binary}.${process.pid}.tmp`;
    copyFileSync(made, temporary);
    // Another checkout may build in the same directory: its binary carries the hash of other inputs.
    if (!readFileSync(temporary).includes(`mqtap-inputs:${inputs}`)) continue;
    renameSync(temporary, binary);
    return;
  }
  throw new Error(`cannot build ${binary}: another build keeps replacing ${made}`);
}

/** Where this machine keeps the crates' sources is nobody's business: panics name them as `crates/<crate>/…`. */
function withoutBuildPaths(env) {
  const sources = join(env.CARGO_HOME || join(env.HOME || homedir(), ".cargo"), "registry/src");
  if (!existsSync(sources)) return [];
  return readdirSync(sources).map((name) => `--remap-path-prefix=${join(sources, name)}=crates`);
}

/** Relays what cargo does; its whole output is the error when it fails. */
function runCargo({ args, cwd, env, log }) {
  return new Promise((resolve, reject) => {
    const cargo = spawn("cargo", args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    const lines = [];
    createInterface({ input: cargo.stderr }).on("line", (line) => {
      lines.push(line);
      log(line.trim());
    });
    cargo.on("error", (cause) => reject(new Error(`cannot run cargo: ${cause.message}`, { cause })));
    cargo.on("close", (status, signal) => {
      if (status === 0) resolve();
      else reject(new Error(`cargo ${args.join(" ")} failed (${status ?? signal}):\n${lines.join("\n")}`));
    });
  });
}

/** Outside the checkout, so that a fresh clone reuses what the last one compiled. */
function targetDirectory(env) {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "mqtap/cargo-target");
}

function hashOf(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}\n${part}`);
  return hash.digest("hex");
}

function put(path, content) {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { toolchainEnvironment } = await import("../../deploy/local/setup/prerequisites.mjs");
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const env = toolchainEnvironment(process.env);
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : ["mqtap"]) {
    await buildBinary({ root, env, name, log: (line) => process.stderr.write(`${line}\n`) });
  }
}
