// The files that configure a node's daemons, pure: containerd, kubelet, and the pods' networks.
import type { NetworkConfigurationList } from "../story/networks.ts";

/** The image of every pod's sandbox. */
export const pauseImage = "mqtap.io/bed/pause:1";

/** Where containerd is told what its default container is. */
export const baseSpecPath = "/etc/containerd/base-spec.json";

/** The certificate by which a node knows the API server. */
export const caPath = "/etc/kubernetes/ca.crt";

/** What kubelet talks to the API server with. */
export const kubeletKubeconfigPath = "/etc/kubernetes/kubelet.kubeconfig";

/** containerd's config.toml (version 3 of its format). */
export const containerdConfig = `version = 3
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${pauseImage}"
[plugins."io.containerd.cri.v1.runtime"]
  # lowering it needs CAP_SYS_RESOURCE over the machine
  restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "runc"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  base_runtime_spec = "${baseSpecPath}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
  BinaryName = "/bed/bin/runc"
  SystemdCgroup = false
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/opt/cni/bin"]
  conf_dir = "/etc/cni/net.d"
`;

/** kubelet's configuration file; JSON is YAML. Only the bed's own network reaches it, so it lets everyone in. */
export function kubeletConfig(): string {
  const config = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: "/",
    // since 1.35 it refuses version 1 unless it is told to
    failCgroupV1: false,
    failSwapOn: false,
    // it would set the machine's own sysctls: the node shows it those it wishes, and it only looks
    protectKernelDefaults: true,
    makeIPTablesUtilChains: false,
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    volumePluginDir: "/var/lib/kubelet/volumeplugins",
    resolvConf: "/etc/resolv.conf",
    clusterDomain: "cluster.local",
    // no one answers there either; without it every pod has an event that says so
    clusterDNS: ["10.96.0.10"],
    seccompDefault: true,
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "1%",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "1%",
    },
    imageGCHighThresholdPercent: 100,
    nodeStatusUpdateFrequency: "5s",
    syncFrequency: "10s",
    maxPods: 60,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Plugins after the bridge in the pods' default network, as a chain has them. */
export type ChainedPlugins = readonly Readonly<Record<string, unknown>>[];

/** The pods' default network on a node: a bridge with addresses of `podSubnet`, then what is chained behind it. */
export function defaultNetwork(podSubnet: string, chained: ChainedPlugins): NetworkConfigurationList {
  const ipam = { type: "host-local", ranges: [[{ subnet: podSubnet }]] };
  const bridge = { type: "bridge", bridge: "cni0", isDefaultGateway: true, hairpinMode: true, ipam };
  return { cniVersion: "1.1.0", name: "bed", plugins: [bridge, ...chained] };
}

/** Where Multus finds its way to the API server on a node. */
export const multusKubeconfigPath = "/etc/cni/net.d/multus.d/multus.kubeconfig";

/** Multus around the default network, which stands in it: by path, its DEL forgot the network's addresses. */
export function multusNetwork(network: NetworkConfigurationList): Readonly<Record<string, unknown>> {
  return {
    cniVersion: "1.1.0",
    name: "multus-cni-network",
    type: "multus",
    kubeconfig: multusKubeconfigPath,
    logLevel: "error",
    logFile: "/var/log/multus.log",
    delegates: [network],
  };
}
