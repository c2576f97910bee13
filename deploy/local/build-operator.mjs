// Bundles the operator's two programs, one file each: dist/controller.mjs and dist/agent.mjs. Does nothing when no
// input has changed since the last build. Runs under Node 20, alone or from set-up.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Bundle -> entry point. */
const programs = {
  controller: "operator/controller/main.ts",
  agent: "operator/agent/main.ts",
};

// CommonJS dependencies in an ES module bundle call require for Node's own modules
const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

// An import of node:http asks it for all its names, and the one for WebSocket loads a client that takes 4 MB
const lightHttp = {
  name: "light-http",
  setup(build) {
    build.onResolve({ filter: /^node:http$/ }, ({ path }) => ({ path, namespace: "light-http" }));
    build.onLoad({ filter: /.*/, namespace: "light-http" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}");`,
    }));
  },
};

/** Builds what is out of date; gives the names of what it built. */
export async function buildOperator({ root }) {
  const built = [];
  for (const [name, entry] of Object.entries(programs)) {
    const target = join(root, "dist", `${name}.mjs`);
    const stampFile = join(root, "dist", `.${name}.inputs.json`);
    if (existsSync(target) && isFresh(root, stampFile)) continue;
    const esbuild = await import("esbuild");
    const result = await esbuild.build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: target,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node26",
      minify: true,
      keepNames: true, // logs and errors show class names
      legalComments: "none",
      banner: { js: banner },
      plugins: [lightHttp],
      metafile: true,
      write: false,
      logLevel: "silent",
    });
    mkdirSync(join(root, "dist"), { recursive: true });
    const inputs = Object.fromEntries(inputsOf(result.metafile).map((path) => [path, hashOf(join(root, path))]));
    for (const file of result.outputFiles) put(target, file.contents);
    put(stampFile, JSON.stringify(inputs));
    built.push(name);
  }
  return built;
}

// the lockfile stands for the bundler; this file for its options
function inputsOf(metafile) {
  const files = Object.keys(metafile.inputs).filter((path) => !path.startsWith(`${lightHttp.name}:`));
  return [...files, "package-lock.json", "tsconfig.json", "deploy/local/build-operator.mjs"];
}

function isFresh(root, stampFile) {
  if (!existsSync(stampFile)) return false;
  const inputs = JSON.parse(readFileSync(stampFile, "utf8"));
  return Object.entries(inputs).every(([path, hash]) => hash === hashOf(join(root, path)));
}

function hashOf(path) {
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : undefined;
}

function put(path, contents) {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}
