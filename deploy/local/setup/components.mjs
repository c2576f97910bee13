// The programs of the test bed, built from pinned Go modules. From deploy/local/components: etcd, kube-apiserver and kubectl
// (or taken from KUBEBUILDER_ASSETS when that holds the pinned minor), cnitool, the CNI project's plugins, Multus. From
// deploy/images/sidecar-shim: KubeVirt's program that runs the hook. From test/kubevirt-peer: what asks KubeVirt's own code.
// They are kept outside the checkout under a key of all that decides their bytes, and put in place by rename.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { buildGoPrograms } from "./go-build.mjs";

/**
 * Program name -> Go package, in groups that are built and cached together; `module` is the folder of their go.mod.
 * `overlay` lays files of another module over a folder of this one.
 */
export const componentGroups = {
  cni: {
    module: "deploy/local/components",
    title: "building cnitool and plugins",
    usually: "30 s",
    programs: {
      cnitool: "github.com/containernetworking/cni/cnitool",
      tap: "github.com/containernetworking/plugins/plugins/main/tap",
      ptp: "github.com/containernetworking/plugins/plugins/main/ptp",
      bridge: "github.com/containernetworking/plugins/plugins/main/bridge",
      tuning: "github.com/containernetworking/plugins/plugins/meta/tuning",
      "host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
      static: "github.com/containernetworking/plugins/plugins/ipam/static",
      dhcp: "github.com/containernetworking/plugins/plugins/ipam/dhcp",
    },
  },
  "control-plane": {
    module: "deploy/local/components",
    title: "building kube-apiserver",
    usually: "8 min", // on two cores
    programs: {
      etcd: "go.etcd.io/etcd/server/v3",
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
    },
  },
  multus: {
    module: "deploy/local/components/multus",
    title: "building Multus",
    usually: "90 s",
    programs: { multus: "gopkg.in/k8snetworkplumbingwg/multus-cni.v4/cmd/multus" },
  },
  "sidecar-shim": {
    module: "deploy/images/sidecar-shim",
    title: "building KubeVirt's sidecar-shim",
    usually: "40 s",
    programs: { "sidecar-shim": "kubevirt.io/kubevirt/cmd/sidecars" },
  },
  kubevirt: {
    module: "test/kubevirt-peer",
    title: "building programs of KubeVirt's code",
    usually: "2 min",
    programs: {
      "kubevirt-peer": "mqtap.io/kubevirt-peer",
      "kubevirt-crds": "mqtap.io/kubevirt-peer/crds",
      "virt-chroot": "kubevirt.io/kubevirt/cmd/virt-chroot",
    },
    overlay: {
      folder: "crds/components",
      module: "kubevirt.io/kubevirt",
      from: "pkg/virt-operator/resource/generate/components",
      files: ["crds.go", "validations_generated.go"],
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
export function componentKey({ goMod, goSum, goVersion, arch, group, sources = [] }) {
  const parts = [goMod, goSum, goVersion, arch, JSON.stringify(group.programs), linkerFlags("0.0"), ...sources];
  if (group.overlay !== undefined) parts.push(JSON.stringify(group.overlay));
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:${part}`);
  return hash.digest("hex").slice(0, 16);
}

/** Builds or finds the programs of `groups`, one group after the other, and links each group into `binDir` when it is whole. */
export async function provideComponents({ root, binDir, cache, env, groups, isBackground = false }) {
  const kubernetes = pinnedVersion(readPins(root, "control-plane").goMod, "k8s.io/kubernetes");
  for (const name of groups) {
    const group = componentGroups[name];
    const programs = Object.keys(group.programs);
    const assets = env.KUBEBUILDER_ASSETS;
    if (name === "control-plane" && assets && holdsMinor(assets, programs, kubernetes)) {
      linkPrograms(binDir, assets, programs);
      continue;
    }
    const source = join(root, group.module);
    const [goVersion, arch] = goFacts(source, env);
    const key = componentKey({ ...readPins(root, name), goVersion, arch, group, sources: readSources(source) });
    const directory = join(cache, "components", `${name}-${key}`);
    if (!programs.every((program) => existsSync(join(directory, program)))) {
      const ldflags = linkerFlags(kubernetes);
      await buildGoPrograms({ name, group, source, directory, ldflags, isBackground, env });
    }
    linkPrograms(binDir, directory, programs);
  }
}

function readPins(root, group) {
  const read = (file) => readFileSync(join(root, componentGroups[group].module, file), "utf8");
  return { goMod: read("go.mod"), goSum: read("go.sum") };
}

/** The Go files that are ours, each with its path; tools.go only pins. */
export function readSources(source) {
  const files = readdirSync(source, { recursive: true });
  const ours = files.filter((file) => file.endsWith(".go") && basename(file) !== "tools.go");
  return ours.toSorted().map((file) => `${file}\0${readFileSync(join(source, file), "utf8")}`);
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
function linkPrograms(binDir, directory, programs) {
  mkdirSync(binDir, { recursive: true });
  for (const name of programs) {
    const path = join(directory, name);
    const link = join(binDir, name);
    if (existsSync(link) && readlinkSync(link) === path) continue;
    const next = `${link}.${process.pid}`;
    symlinkSync(path, next);
    renameSync(next, link);
  }
}
