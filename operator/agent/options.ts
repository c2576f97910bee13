// The agent's flags.

import { isAbsolute, join } from "node:path";
import { parseArgs } from "node:util";
import { parseDurationMs } from "../../crds/duration.ts";
import type { InClusterEndpoint } from "../kube/in-cluster-transport.ts";
import { type LogLevel, logLevels } from "../kube/log.ts";

export interface AgentFlags {
  readonly nodeName: string;
  readonly endpoint: InClusterEndpoint;
  readonly runDir: string;
  readonly stateDir: string;
  /** Where the host's directories are mounted; left out of what people and the plugin are told. */
  readonly hostRoot: string;
  readonly sysctlRoot: string;
  /** Below the root. */
  readonly tuntapSysctl: string;
  readonly tunDevice: string;
  readonly bootIdFile: string;
  readonly hookImageNames: readonly string[];
  readonly managedTapBindings: readonly string[];
  /** The CNI plugin's binary: it looks into the pods' network namespaces, and is what is installed on the host. */
  readonly pluginPath: string;
  /** The host's CNI directory; undefined: the plugin is not ours to install. */
  readonly cniBinDir: string | undefined;
  /** The host's policy; undefined: not ours to keep. */
  readonly policyFile: string | undefined;
  /** A policy that is given to the agent; undefined: mqtap's defaults. */
  readonly policySource: string | undefined;
  readonly installIntervalMs: number;
  /** Takes back what mqtap did to this node, instead of everything else. */
  readonly uninstall: boolean;
  /** Where CNI configurations may name mqtap. */
  readonly cniConfDirs: readonly string[];
  /** libcni's cache, by which the agent learns of launchers; undefined: taps of KubeVirt are not adopted. */
  readonly cniCacheDir: string | undefined;
  /** Taps of VMs that run already get noqueue. */
  readonly adoptRunning: boolean;
  readonly inspectIntervalMs: number;
  /** At most so often the count of VMs over the limit is written. */
  readonly overLimitIntervalMs: number;
  /** undefined: no health server. */
  readonly healthPort: number | undefined;
  readonly healthHost: string;
  readonly driftIntervalMs: number;
  readonly startJitterMs: number;
  readonly logLevel: LogLevel;
}

/** A flag that makes no sense; the message says which and how it should be. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** For --help, and for whoever gave a wrong flag. */
export const usage = `mqtap agent: brings one node to its NodeNetworkProfile and sizes the taps of its VMs

  --node-name NAME              the node this agent serves (needed)
  --api-server URL              https://host:port (default: as a pod in the cluster)
  --token-file FILE             bearer token (default: the pod's service account)
  --ca-file FILE                what the API server's certificate is checked with (default: the same)
  --run-dir DIR                 where the sizing socket lies (default /run/mqtap)
  --state-dir DIR               where node.json and state.json lie (default /var/lib/mqtap)
  --host-root DIR               where the host's directories are mounted (default /); left out where people or the plugin
                                are told a path
  --sysctl-root DIR             the sysctl tree (default HOST-ROOT/proc/sys)
  --tuntap-sysctl PATH          the kernel's limit of queues, below that (default net/tuntap/max_queues)
  --tun-device FILE             what the node makes taps with (default /dev/net/tun)
  --boot-id-file FILE           tells one boot from another (default /proc/sys/kernel/random/boot_id)
  --hook-image-names A,B        image names that count as the hook (default mqtap-hook)
  --managed-tap-bindings A,B    binding plugins whose domainAttachmentType is managedTap (default mqtap)
  --plugin FILE                 the CNI plugin: it looks at the taps, and is what is installed (default: mqtap beside this program)
  --cni-bin-dir DIR             the host's CNI directory, where the plugin is installed and kept (default: none, so that the
                                plugin is not installed)
  --policy-file FILE            the host's policy, written before the plugin (default /etc/cni/mqtap/policy.json; empty: not
                                written). Only with --cni-bin-dir
  --policy-source FILE          the policy to write (default: uid and gid 107, IPAM host-local and static)
  --install-interval 30s        how often plugin and policy are looked at
  --uninstall                   take back what mqtap did to this node: restore sysctls, and remove plugin and policy when nothing
                                refers to the plugin; report in the profile, stay, and look again every --install-interval
  --cni-conf-dirs A,B           where CNI configurations may name the plugin, for --uninstall (default /etc/cni/net.d)
  --cni-cache-dir DIR           the runtime's cache of attachments, by which taps that KubeVirt makes are found and adopted
                                (default /var/lib/cni/results; empty: they are not adopted)
  --adopt-running               taps of VMs that ran before mqtap came get the qdisc noqueue, which gives memory back
  --inspect-interval 30s        how often the taps' queues are counted, at the latest
  --over-limit-interval 60s     how often at most the number of VMs over the limit is written
  --health-port PORT            serve /healthz, /readyz and /metrics there (default: not at all)
  --health-host ADDRESS         on this address (default 127.0.0.1)
  --drift-interval 60s          how often values are looked at, at the latest
  --start-jitter 0s             wait up to so long before the API server is asked
  --log-level LEVEL             ${logLevels.join(", ")} (default info)
`;

const text = { type: "string" } as const;

/** `inCluster` is what the environment of a pod says, where there is one; `bundledPlugin` lies beside the program.
 * @throws UsageError */
export function parseFlags(
  args: readonly string[],
  inCluster: InClusterEndpoint | undefined,
  bundledPlugin = "/app/mqtap",
): AgentFlags | "help" {
  const { values } = parse(args);
  if (values.help === true) return "help";
  const hostRoot = absolute("host-root", values["host-root"] ?? "/");
  const given = { ...defaults, "sysctl-root": join(hostRoot, "proc/sys"), plugin: bundledPlugin, ...values };
  return {
    nodeName: nodeName(given["node-name"]),
    endpoint: {
      server: server(given["api-server"] ?? inCluster?.server),
      tokenFile: file("token-file", given["token-file"] ?? inCluster?.tokenFile),
      caFile: file("ca-file", given["ca-file"] ?? inCluster?.caFile),
    },
    runDir: absolute("run-dir", given["run-dir"]),
    stateDir: absolute("state-dir", given["state-dir"]),
    hostRoot,
    sysctlRoot: absolute("sysctl-root", given["sysctl-root"]),
    tuntapSysctl: sysctlPath(given["tuntap-sysctl"]),
    tunDevice: absolute("tun-device", given["tun-device"]),
    bootIdFile: absolute("boot-id-file", given["boot-id-file"]),
    hookImageNames: names("hook-image-names", given["hook-image-names"]),
    managedTapBindings: names("managed-tap-bindings", given["managed-tap-bindings"]),
    pluginPath: absolute("plugin", given.plugin),
    cniBinDir: absoluteOrNone("cni-bin-dir", given["cni-bin-dir"]),
    policyFile: absoluteOrNone("policy-file", given["policy-file"]),
    policySource: absoluteOrNone("policy-source", given["policy-source"]),
    installIntervalMs: duration("install-interval", given["install-interval"], 100),
    uninstall: given.uninstall,
    cniConfDirs: given["cni-conf-dirs"].split(",").map((dir) => absolute("cni-conf-dirs", dir)),
    cniCacheDir: absoluteOrNone("cni-cache-dir", given["cni-cache-dir"]),
    adoptRunning: given["adopt-running"],
    inspectIntervalMs: duration("inspect-interval", given["inspect-interval"], 100),
    overLimitIntervalMs: duration("over-limit-interval", given["over-limit-interval"], 0),
    healthPort: given["health-port"] === undefined ? undefined : port("health-port", given["health-port"]),
    healthHost: given["health-host"],
    driftIntervalMs: duration("drift-interval", given["drift-interval"], 100),
    startJitterMs: duration("start-jitter", given["start-jitter"], 0),
    logLevel: level(given["log-level"]),
  };
}

/** What a flag is when it is not given. */
const defaults = {
  "run-dir": "/run/mqtap",
  "state-dir": "/var/lib/mqtap",
  "tuntap-sysctl": "net/tuntap/max_queues",
  "tun-device": "/dev/net/tun",
  "boot-id-file": "/proc/sys/kernel/random/boot_id",
  "hook-image-names": "mqtap-hook",
  "managed-tap-bindings": "mqtap",
  "cni-bin-dir": "",
  "policy-file": "/etc/cni/mqtap/policy.json",
  "policy-source": "",
  "install-interval": "30s",
  uninstall: false,
  "cni-conf-dirs": "/etc/cni/net.d",
  "cni-cache-dir": "/var/lib/cni/results",
  "adopt-running": false,
  "inspect-interval": "30s",
  "over-limit-interval": "60s",
  "health-host": "127.0.0.1",
  "drift-interval": "60s",
  "start-jitter": "0s",
  "log-level": "info",
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        "node-name": text,
        "api-server": text,
        "token-file": text,
        "ca-file": text,
        "run-dir": text,
        "state-dir": text,
        "host-root": text,
        "sysctl-root": text,
        "tuntap-sysctl": text,
        "tun-device": text,
        "boot-id-file": text,
        "hook-image-names": text,
        "managed-tap-bindings": text,
        plugin: text,
        "cni-bin-dir": text,
        "policy-file": text,
        "policy-source": text,
        "install-interval": text,
        uninstall: { type: "boolean" },
        "cni-conf-dirs": text,
        "cni-cache-dir": text,
        "adopt-running": { type: "boolean" },
        "inspect-interval": text,
        "over-limit-interval": text,
        "health-port": text,
        "health-host": text,
        "drift-interval": text,
        "start-jitter": text,
        "log-level": text,
        help: { type: "boolean" },
      },
      allowPositionals: false,
    });
  } catch (error) {
    throw new UsageError(`cannot read the flags: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function nodeName(value: string | undefined): string {
  if (value === undefined) throw new UsageError("cannot start without --node-name: give the Node's name in Kubernetes");
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(value)) return value;
  throw new UsageError(`cannot use --node-name "${value}": it must be the Node's name in Kubernetes, such as worker-1`);
}

function server(value: string | undefined): string {
  if (value === undefined) {
    throw new UsageError(
      "cannot find the API server: this is no pod of a cluster, so give --api-server https://host:port",
    );
  }
  if (URL.canParse(value) && new URL(value).protocol === "https:") return value;
  throw new UsageError(`cannot use --api-server "${value}": it must be https://host:port`);
}

function file(flag: string, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`cannot start without --${flag}: this is no pod of a cluster`);
  return absolute(flag, value);
}

function absolute(flag: string, value: string): string {
  if (isAbsolute(value) && !value.includes("\0")) return join(value);
  throw new UsageError(`cannot use --${flag} "${value}": it must be an absolute path`);
}

function absoluteOrNone(flag: string, value: string): string | undefined {
  return value === "" ? undefined : absolute(flag, value);
}

function sysctlPath(value: string): string {
  if (/^[a-z0-9_]+(\/[a-zA-Z0-9_.-]*[a-zA-Z0-9_-])+$/.test(value)) return value;
  throw new UsageError(
    `cannot use --tuntap-sysctl "${value}": it must be a path below --sysctl-root, such as net/tuntap/max_queues`,
  );
}

function names(flag: string, value: string): readonly string[] {
  const list = value.split(",").map((name) => name.trim());
  if (list.every((name) => /^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$/.test(name))) return list;
  throw new UsageError(`cannot use --${flag} "${value}": it must be names, separated by commas`);
}

function duration(flag: string, value: string, leastMs: number): number {
  const ms = parseDurationMs(value);
  if (ms !== undefined && ms >= leastMs) return ms;
  const least = leastMs === 0 ? "" : ` of at least ${leastMs}ms`;
  throw new UsageError(`cannot use --${flag} "${value}": it must be a duration${least}, such as 500ms, 15s or 1m`);
}

function port(flag: string, value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw new UsageError(`cannot use --${flag} "${value}": it must be a port, 0 to 65535 (0: any free one)`);
}

function level(value: string): LogLevel {
  const known = logLevels.find((candidate) => candidate === value);
  if (known !== undefined) return known;
  throw new UsageError(`cannot use --log-level "${value}": it must be one of ${logLevels.join(", ")}`);
}
