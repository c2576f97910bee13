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
  readonly sysctlRoot: string;
  /** Below the root. */
  readonly tuntapSysctl: string;
  readonly tunDevice: string;
  readonly bootIdFile: string;
  readonly hookImageNames: readonly string[];
  readonly managedTapBindings: readonly string[];
  /** The CNI plugin's binary; it is what looks into the pods' network namespaces. */
  readonly pluginPath: string;
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
  --sysctl-root DIR             the sysctl tree (default /proc/sys)
  --tuntap-sysctl PATH          the kernel's limit of queues, below that (default net/tuntap/max_queues)
  --tun-device FILE             what the node makes taps with (default /dev/net/tun)
  --boot-id-file FILE           tells one boot from another (default /proc/sys/kernel/random/boot_id)
  --hook-image-names A,B        image names that count as the hook (default mqtap-hook)
  --managed-tap-bindings A,B    binding plugins whose domainAttachmentType is managedTap (default mqtap)
  --plugin-path FILE            the CNI plugin, which looks at the taps (default /opt/cni/bin/mqtap)
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

/** `inCluster` is what the environment of a pod says, where there is one. @throws UsageError */
export function parseFlags(args: readonly string[], inCluster: InClusterEndpoint | undefined): AgentFlags | "help" {
  const { values } = parse(args);
  if (values.help === true) return "help";
  return {
    nodeName: nodeName(values["node-name"]),
    endpoint: {
      server: server(values["api-server"] ?? inCluster?.server),
      tokenFile: file("token-file", values["token-file"] ?? inCluster?.tokenFile),
      caFile: file("ca-file", values["ca-file"] ?? inCluster?.caFile),
    },
    runDir: absolute("run-dir", values["run-dir"] ?? "/run/mqtap"),
    stateDir: absolute("state-dir", values["state-dir"] ?? "/var/lib/mqtap"),
    sysctlRoot: absolute("sysctl-root", values["sysctl-root"] ?? "/proc/sys"),
    tuntapSysctl: sysctlPath(values["tuntap-sysctl"] ?? "net/tuntap/max_queues"),
    tunDevice: absolute("tun-device", values["tun-device"] ?? "/dev/net/tun"),
    bootIdFile: absolute("boot-id-file", values["boot-id-file"] ?? "/proc/sys/kernel/random/boot_id"),
    hookImageNames: names("hook-image-names", values["hook-image-names"] ?? "mqtap-hook"),
    managedTapBindings: names("managed-tap-bindings", values["managed-tap-bindings"] ?? "mqtap"),
    pluginPath: absolute("plugin-path", values["plugin-path"] ?? "/opt/cni/bin/mqtap"),
    cniCacheDir: cniCacheDir(values["cni-cache-dir"]),
    adoptRunning: values["adopt-running"] === true,
    inspectIntervalMs: duration("inspect-interval", values["inspect-interval"] ?? "30s", 100),
    overLimitIntervalMs: duration("over-limit-interval", values["over-limit-interval"] ?? "60s", 0),
    healthPort: values["health-port"] === undefined ? undefined : port("health-port", values["health-port"]),
    healthHost: values["health-host"] ?? "127.0.0.1",
    driftIntervalMs: duration("drift-interval", values["drift-interval"] ?? "60s", 100),
    startJitterMs: duration("start-jitter", values["start-jitter"] ?? "0s", 0),
    logLevel: level(values["log-level"] ?? "info"),
  };
}

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
        "sysctl-root": text,
        "tuntap-sysctl": text,
        "tun-device": text,
        "boot-id-file": text,
        "hook-image-names": text,
        "managed-tap-bindings": text,
        "plugin-path": text,
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

function cniCacheDir(value = "/var/lib/cni/results"): string | undefined {
  return value === "" ? undefined : absolute("cni-cache-dir", value);
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
