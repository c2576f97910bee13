// The programs of the test bed, built from the Go modules that deploy/local/components pins: etcd, kube-apiserver and
// kubectl (or taken from KUBEBUILDER_ASSETS when that holds the pinned minor), cnitool and the CNI project's plugins.
// They are kept outside the checkout under a key of all that decides their bytes, and put in place by rename.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { buildGoPrograms } from "./go-build.mjs";

/** Program name -> Go package, in groups that are built and cached together. */
export const componentGroups = {
  cni: {
    title: "building cnitool and plugins",
    usually: "30 s",
    programs: {
      cnitool: "github.com/containernetworking/cni/cnitool",
      tap: "github.com/containernetworking/plugins/plugins/main/tap",
      ptp: "github.com/containernetworking/plugins/plugins/main/ptp",
      "host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
      static: "github.com/containernetworking/plugins/plugins/ipam/static",
    },
  },
  "control-plane": {
    title: "building kube-apiserver",
    usually: "8 min", // on two cores
    programs: {
      etcd: "go.etcd.io/etcd/server/v3",
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
    },
  },
};

/** Version of a module as go.mod pins it, without the "v". */
export function pinnedVersion(goMod, module) {
  const line = goMod.split("\n").find((candidate) => candidate.trim().startsWith(`${module} v`));
  if (line === undefined) throw new TypeError(`go.mod does not pin "${module}"`);
  return line.trim().split(" ")[1].slice(1);
}

/** go build's -ldflags: no symbols, and the version that kube-apiserver and kubectl report. */
export function linkerFlags(kubernetesVersion) {
  const [major, minor] = kubernetesVersion.split(".");
  const version = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor };
  const set = Object.entries(version).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ["-s", "-w", ...set].join(" ");
}

/** The cache key: equal keys, equal programs. */
export function componentKey({ goMod, goSum, goVersion, arch, group }) {
  const parts = [goMod, goSum, goVersion, arch, JSON.stringify(group.programs), linkerFlags("0.0")];
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest("hex").slice(0, 16);
}

/** Builds or finds all programs and links them into `binDir`. */
export async function provideComponents({ root, binDir, cache, env, isBackground = false }) {
  const source = join(root, "deploy/local/components");
  const goMod = readFileSync(join(source, "go.mod"), "utf8");
  const goSum = readFileSync(join(source, "go.sum"), "utf8");
  const version = pinnedVersion(goMod, "k8s.io/kubernetes");
  const [goVersion, arch] = goFacts(source, env);
  const found = {};
  for (const [name, group] of Object.entries(componentGroups)) {
    const programs = Object.keys(group.programs);
    const assets = env.KUBEBUILDER_ASSETS;
    if (name === "control-plane" && assets && holdsMinor(assets, programs, version)) {
      for (const program of programs) found[program] = join(assets, program);
      continue;
    }
    const directory = join(cache, "components", `${name}-${componentKey({ goMod, goSum, goVersion, arch, group })}`);
    if (!programs.every((program) => existsSync(join(directory, program)))) {
      const ldflags = linkerFlags(version);
      await buildGoPrograms({ name, group, source, directory, ldflags, isBackground, env });
    }
    for (const program of programs) found[program] = join(directory, program);
  }
  linkPrograms(binDir, found);
}

function goFacts(source, env) {
  const said = execFileSync("go", ["env", "GOVERSION", "GOARCH"], { cwd: source, env, encoding: "utf8" });
  return said.trim().split("\n");
}

function holdsMinor(directory, programs, version) {
  if (!programs.every((program) => existsSync(join(directory, program)))) return false;
  try {
    const said = execFileSync(join(directory, "kube-apiserver"), ["--version"], { encoding: "utf8" });
    return minorOf(said.trim().replace("Kubernetes v", "")) === minorOf(version);
  } catch {
    return false;
  }
}

function minorOf(version) {
  return version.split(".").slice(0, 2).join(".");
}

// each link is replaced by rename, and only when it changes, as other runs may be using the directory
function linkPrograms(binDir, programs) {
  mkdirSync(binDir, { recursive: true });
  for (const [name, path] of Object.entries(programs)) {
    const link = join(binDir, name);
    if (existsSync(link) && readlinkSync(link) === path) continue;
    const next = `${link}.${process.pid}`;
    symlinkSync(path, next);
    renameSync(next, link);
  }
}
