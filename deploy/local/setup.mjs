// The one entry of package.json's scripts: provides what a command needs, then runs it. Plain JavaScript without
// dependencies, because it is what installs them; runs under Node 20.
import { join } from "node:path";
import { buildOperator } from "./build-operator.mjs";
import { crossBuild, provideArm64Tools } from "./setup/arm64-tools.mjs";
import { provideBedPrograms } from "./setup/bed-programs.mjs";
import { componentGroups, provideComponents } from "./setup/components.mjs";
import { installDebianPackages } from "./setup/debian-packages.mjs";
import { provideGuestKernel } from "./setup/guest-kernel.mjs";
import { installNodeModules } from "./setup/node-modules.mjs";
import { cacheDirectory, node26, root } from "./setup/paths.mjs";
import { checkMachine, checkToolchains, checkTunDevice, toolchainEnvironment } from "./setup/prerequisites.mjs";
import { startProgress } from "./setup/progress.mjs";
import { runForeground, SetupError } from "./setup/run.mjs";
import { runSteps, runSuite, suiteArgvs } from "./setup/test-steps.mjs";

/** What each command needs before it can run, and what it runs. `needsRoot` says why, `groups` which components. */
const commands = {
  start: {
    script: "npm start",
    needsRoot: "the demo makes network namespaces, mounts and tap devices",
    needs: ["toolchains", "modules", "components", "build"],
    groups: ["cni", "control-plane"],
    // the first two steps of the story; demo.ts tells the rest
    tells: {
      modules: "1. Set-up: Node modules, and etcd, kube-apiserver, kubectl and cnitool, built once and then cached",
      build: "\n2. Build: dist/mqtap, dist/controller.mjs, dist/agent.mjs",
    },
    run: (context) => runNode(context, ["deploy/local/demo.ts"]),
  },
  // `npm start -- --nodes`
  nodes: {
    script: "npm start",
    needsRoot: "the demo makes nodes of namespaces, mounts and cgroups",
    needs: ["toolchains", "packages", "modules", "components", "build"],
    groups: ["cni", "control-plane", "multus", "sidecar-shim", "kubevirt", "node", "runc"],
    tells: {
      modules: "1. Set-up: Node modules, and Kubernetes, containerd, runc and Multus, built once and then cached",
      build:
        "\n2. Build: dist/mqtap, dist/controller.mjs, dist/agent.mjs, and the images of controller, agent and hook",
    },
    run: async (context) => (await buildImages({ ...context, args: [] })) || runNode(context, ["deploy/local/demo.ts"]),
  },
  test: {
    script: "npm test",
    needsRoot: "the tests make network namespaces, mounts and tap devices",
    needs: ["toolchains", "packages", "modules"],
    run: runAllTests,
  },
  unit: {
    script: "npm run test:unit",
    needs: ["modules"],
    run: (context) => runForeground([...suiteArgvs("unit").flat(), ...context.args], { cwd: root, env: context.env }),
  },
  bench: {
    script: "npm run bench",
    needsRoot: "the benchmark makes network namespaces and tap devices",
    needs: ["toolchains", "packages", "modules", "components", "build"],
    groups: ["cni", "control-plane", "multus", "sidecar-shim", "kubevirt", "node", "runc"],
    run: async (context) => {
      await provideGuest(context);
      return runNode(context, ["test/bench/bench.ts"]);
    },
  },
  faults: {
    script: "npm run faults",
    needsRoot: "the plugin is killed while it makes tap devices",
    needs: ["toolchains", "packages", "modules", "components", "build"],
    groups: ["cni"],
    run: (context) => runNode(context, ["test/faults/faults.ts"]),
  },
  fuzz: { script: "npm run fuzz", needs: ["modules"], run: (context) => runNode(context, ["test/fuzz/fuzz.ts"]) },
  guest: {
    script: "npm run guest",
    needsRoot: "the machine's Debian packages are used",
    needs: ["toolchains", "packages", "modules", "components", "build"],
    groups: ["cni"],
    run: runGuestTests,
  },
  kubevirt: {
    script: "npm run kubevirt",
    needsRoot: "VMs are started by KubeVirt's virt-launcher",
    needs: ["toolchains", "packages", "modules", "components", "build"],
    groups: ["cni", "control-plane", "sidecar-shim", "kubevirt", "virt-launcher"],
    run: runVirtLauncherTests,
  },
  build: { script: "npm run build", needs: ["toolchains", "modules", "build"], run: () => 0 },
  images: {
    script: "npm run images",
    needs: ["toolchains", "modules", "components", "build"],
    groups: ["sidecar-shim"],
    run: buildImages,
  },
  "images-arm64": {
    script: "npm run images:arm64",
    needsRoot: "the images are run in a chroot",
    needs: ["toolchains", "modules"],
    run: buildArm64Images,
  },
  components: {
    script: "npm run components",
    needs: ["toolchains", "components"],
    // five minutes more, for npm run kubevirt alone
    groups: Object.keys(componentGroups).filter((group) => group !== "virt-launcher"),
    run: () => 0,
  },
  generate: {
    script: "npm run generate",
    needs: ["modules"],
    run: generateAll,
  },
};

/** How each need is met; each is quick when nothing is to be done. */
const provisions = {
  toolchains: ({ env }) => checkToolchains(env),
  packages: ({ name, env, uid }) => installDebianPackages({ command: name, env, uid }),
  modules: ({ env }) => installNodeModules({ root, env }),
  components: ({ name, env }) => provideGroups({ env, groups: commands[name].groups }),
  build: buildAll,
};

async function main([given, ...args]) {
  const name = given === "start" && args.includes("--nodes") ? "nodes" : given;
  const command = commands[name];
  if (command === undefined) throw new SetupError(`usage: setup.mjs ${Object.keys(commands).join(" | ")}`);
  const uid = process.getuid();
  const { needsRoot, script } = command;
  checkMachine({ needsRoot, uid, platform: process.platform, arch: process.arch, command: script });
  if (needsRoot !== undefined) checkTunDevice();
  Object.assign(process.env, toolchainEnvironment(process.env), { MQTAP_COMPONENTS: join(root, "dist/components") });
  const env = process.env;
  const context = { name, args, uid, env };
  for (const need of command.needs) {
    if (command.tells?.[need] !== undefined) console.log(command.tells[need]);
    await provisions[need](context);
  }
  return command.run(context);
}

async function provideGroups({ env, groups, isBackground }) {
  const cache = cacheDirectory(env);
  if (groups.includes("node"))
    await provideBedPrograms({ root, link: join(root, "dist/bed"), cache, env, isBackground });
  await provideComponents({
    root,
    binDir: env.MQTAP_COMPONENTS,
    cache,
    env,
    groups,
    isBackground,
  });
}

/** dist/mqtap and the operator's bundles; for the tests also the binary that runs the conformance suites. */
async function buildAll({ name: command, env }) {
  for (const name of command === "test" ? ["mqtap", "mqtap-conformance"] : ["mqtap"]) await buildPlugin({ env, name });
  await buildOperator({ root });
}

async function buildPlugin({ env, name, cross }) {
  const { buildBinary } = await import("../../cni/host/build.mjs");
  const progress = startProgress({ title: `building ${join("dist", cross?.folder ?? "", name)}`, usually: "1 min" });
  try {
    await buildBinary({ root, env, name, cross, log: (line) => progress.update(line) });
    progress.done();
  } catch (error) {
    progress.failed();
    throw new SetupError(error.message, { cause: error });
  }
}

async function runAllTests(context) {
  const { env } = context;
  // kube-apiserver takes minutes the first time; nothing needs it before the end-to-end tests
  const plugins = provideGroups({ env, groups: ["cni"], isBackground: true });
  const servers = plugins.then(() =>
    provideGroups({ env, groups: ["control-plane", "multus", "helm", "sidecar-shim", "kubevirt"], isBackground: true }),
  );
  const nodes = servers.then(() => provideGroups({ env, groups: ["node", "runc"], isBackground: true }));
  for (const built of [servers, nodes]) built.catch(() => {}); // reported by the steps that wait for them
  return runSteps([
    { name: "check", run: () => runForeground(["npm", "run", "--silent", "check"], { cwd: root, env }) },
    { name: "build", run: () => buildAll(context) },
    { name: "unit", run: () => runSuite("unit", { root, env }) },
    { name: "plugins", run: () => plugins },
    { name: "integration", run: () => runSuite("integration", { root, env }) },
    { name: "guest", run: () => runGuestTests(context) },
    { name: "servers", run: () => servers },
    { name: "images", run: async () => (await buildImages(context)) || runSuite("images", { root, env }) },
    { name: "kubevirt", run: () => runSuite("kubevirt", { root, env }) },
    { name: "libvirt", run: () => runSuite("libvirt", { root, env }) },
    { name: "e2e", run: () => runSuite("e2e", { root, env }) },
    { name: "nodes", run: () => nodes },
    { name: "bed", run: () => runSuite("bed", { root, env }) },
  ]);
}

/** What is checked in and comes from elsewhere: CRDs from schemas, the table of README.md from the last test results. */
async function generateAll(context) {
  const programs = [
    "crds/generate-files.ts",
    "deploy/docs/generate-files.ts",
    "test/kubevirt/what-happens/generate-table.ts",
  ];
  for (const program of programs) {
    const status = await runNode(context, [program]);
    if (status !== 0) return status;
  }
  return 0;
}

function provideGuest({ env }) {
  return provideGuestKernel({ link: join(root, "dist/guest"), cache: cacheDirectory(env), env });
}

/** Tests on another kernel, in machines of their own. */
async function runGuestTests({ env }) {
  await provideGuest({ env });
  return runSuite("guest", { root, env });
}

/** dist/images, from dist/. */
function buildImages(context) {
  return runNode(context, ["deploy/images/main.ts"]);
}

/** VMs started by KubeVirt's own virt-launcher. */
async function runVirtLauncherTests({ env }) {
  await provideGuestKernel({ link: join(root, "dist/guest"), cache: cacheDirectory(env), env });
  return runSuite("virt-launcher", { root, env });
}

/** The same for arm64, built and tried here by Debian's tools for it; see deploy/images/README.md. */
async function buildArm64Images({ env }) {
  const tools = await provideArm64Tools({ cache: cacheDirectory(env), env });
  const arm64 = join(root, "dist/arm64");
  await provideComponents({
    root,
    binDir: join(arm64, "components"),
    cache: cacheDirectory(env),
    env: { ...env, GOARCH: "arm64" },
    groups: ["sidecar-shim"],
  });
  await buildPlugin({ env, name: "mqtap", cross: crossBuild(tools) });
  await buildOperator({ root });
  const status = await runNode({ args: [`--arm64=${tools}`], env }, ["deploy/images/main.ts"]);
  if (status !== 0) return status;
  return runSuite("arm64", { root, env: { ...env, MQTAP_ARM64_TOOLS: tools } });
}

function runNode({ args, env }, argv) {
  const quiet = "--disable-warning=ExperimentalWarning";
  return runForeground([node26, quiet, ...argv, ...args], { cwd: root, env });
}

// exit, not only exitCode: after a failed step a build may still run in the background, and ends with us
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  const text = error instanceof SetupError ? error.message : error.stack;
  for (const line of text.split("\n")) console.error(`mqtap: ${line}`);
  process.exit(1);
}
