// The programs of the test bed, built from pinned Go modules. From deploy/local/components: etcd, kube-apiserver and kubectl
// (or taken from KUBEBUILDER_ASSETS when that holds the pinned minor), cnitool, the CNI project's plugins, Multus, Helm, and what
// a whole node runs: kubelet, containerd, runc. From deploy/images/sidecar-shim: KubeVirt's program that runs the hook. From
// test/kubevirt-peer: what asks KubeVirt's own code. From test/virt-launcher/programs: KubeVirt's virt-launcher.
// They are kept outside the checkout under a key of all that decides their bytes, and put in place by rename.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { buildGoPrograms } from "./go-build.mjs";

/**
 * Program name -> Go package, in groups that are built and cached together; `module` is the folder of their go.mod.
 * `overlay` lays files of another module over a folder of this one; `versions` are variables that the linker sets to the
 * version of a module; `cgo` names the Debian packages to compile and link statically against, and go build's tags.
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
  node: {
    module: "deploy/local/components",
    title: "building kubelet and containerd",
    usually: "6 min",
    programs: {
      kubelet: "k8s.io/kubernetes/cmd/kubelet",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
      containerd: "github.com/containerd/containerd/v2/cmd/containerd",
      "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
      ctr: "github.com/containerd/containerd/v2/cmd/ctr",
      loopback: "github.com/containernetworking/plugins/plugins/main/loopback",
    },
    versions: { "github.com/containerd/containerd/v2/version.Version": "github.com/containerd/containerd/v2" },
  },
  runc: {
    module: "deploy/local/components",
    title: "building runc",
    usually: "20 s",
    programs: { runc: "github.com/opencontainers/runc" },
    versions: { "main.version": "github.com/opencontainers/runc" },
    // seccomp, as manifests ask for RuntimeDefault; static, as it starts in other roots than the machine's
    cgo: { packages: ["libseccomp-dev"], libraries: ["seccomp"], tags: ["seccomp", "netgo", "osusergo"] },
  },
  multus: {
    module: "deploy/local/components/multus",
    title: "building Multus",
    usually: "90 s",
    programs: { multus: "gopkg.in/k8snetworkplumbingwg/multus-cni.v4/cmd/multus" },
  },
  helm: {
    module: "deploy/local/components/helm",
    title: "building Helm",
    usually: "2 min",
    programs: { helm: "helm.sh/helm/v4/cmd/helm" },
  },
  "sidecar-shim": {
    module: "deploy/images/sidecar-shim",
    title: "building KubeVirt's sidecar-shim",
    usually: "40 s",
    programs: { "sidecar-shim": "kubevirt.io/kubevirt/cmd/sidecars" },
  },
  "virt-launcher": {
    module: "test/virt-launcher/programs",
    title: "building KubeVirt's virt-launcher",
    usually: "3 min",
    programs: {
      "virt-launcher": "kubevirt.io/kubevirt/cmd/virt-launcher",
      "start-vm": "mqtap.io/virt-launcher/start-vm",
    },
    // it finds libvirt when it runs, and its declarations are in the module
    cgo: { packages: [], libraries: [], tags: ["libvirt_dlopen"] },
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

/** go build's -ldflags: no symbols, the version that Kubernetes' programs report, and those of `variables`. */
export function linkerFlags(kubernetesVersion, variables = {}) {
  const [major, minor] = kubernetesVersion.split(".");
  const version = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor };
  const all = Object.entries(version).map(([name, value]) => [`k8s.io/component-base/version.${name}`, value]);
  const set = [...all, ...Object.entries(variables)].map(([name, value]) => `-X ${name}=${value}`);
  return ["-s", "-w", ...set].join(" ");
}

/** The cache key: equal keys, equal programs. */
export function componentKey({ goMod, goSum, goVersion, arch, group, sources = [] }) {
  const parts = [goMod, goSum, goVersion, arch, JSON.stringify(group.programs), linkerFlags("0.0"), ...sources];
  for (const option of [group.overlay, group.versions, group.cgo]) {
    if (option !== undefined) parts.push(JSON.stringify(option));
  }
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
    const pins = readPins(root, name);
    const key = componentKey({ ...pins, goVersion, arch, group, sources: readSources(source) });
    const directory = join(cache, "components", `${name}-${key}`);
    if (!programs.every((program) => existsSync(join(directory, program)))) {
      const ldflags = linkerFlags(kubernetes, versionsOf(group, pins.goMod));
      await buildGoPrograms({ name, group, source, directory, ldflags, isBackground, env });
    }
    linkPrograms(binDir, directory, programs);
  }
}

function versionsOf({ versions = {} }, goMod) {
  return Object.fromEntries(
    Object.entries(versions).map(([variable, module]) => [variable, pinnedVersion(goMod, module)]),
  );
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
