// The controller's flags.
import { parseArgs } from "node:util";
import { parseDurationMs } from "../../crds/duration.ts";
import { type LogLevel, logLevels } from "../kube/log.ts";

/** What the flags say. */
export interface ControllerFlags {
  /** undefined: in-cluster. */
  readonly kubeconfig: string | undefined;
  readonly namespace: string;
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  /** undefined: no health server. */
  readonly healthPort: number | undefined;
  readonly healthHost: string;
  readonly logLevel: LogLevel;
}

/** A flag that makes no sense; the message says which and how it should be. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** For --help, and for whoever gave a wrong flag. */
export const usage = `mqtap controller: renders NodeNetworkConfigs into one NodeNetworkProfile for each node

  --kubeconfig FILE        how to reach the API server (default: as a pod in the cluster)
  --namespace NAME         where the lease lies (default mqtap-system)
  --identity NAME          this replica in the lease and in events (default hostname_pid)
  --lease-duration 15s     how long others wait for a leader that is silent
  --renew-deadline 10s     how long the leader tries to renew before it gives up
  --retry-period 2s        how often the lease is tried
  --health-port PORT       serve /healthz, /readyz and /metrics there (default: not at all)
  --health-host ADDRESS    on this address (default 127.0.0.1)
  --log-level LEVEL        ${logLevels.join(", ")} (default info)
`;

const text = { type: "string" } as const;

/** @throws UsageError */
export function parseFlags(
  args: readonly string[],
  host: { readonly hostname: string; readonly pid: number },
): ControllerFlags | "help" {
  const { values } = parse(args);
  if (values.help === true) {
    return "help";
  }
  const flags = {
    kubeconfig: values.kubeconfig,
    namespace: values.namespace ?? "mqtap-system",
    identity: values.identity ?? `${host.hostname}_${host.pid}`,
    leaseDurationMs: duration("lease-duration", values["lease-duration"] ?? "15s"),
    renewDeadlineMs: duration("renew-deadline", values["renew-deadline"] ?? "10s"),
    retryPeriodMs: duration("retry-period", values["retry-period"] ?? "2s"),
    healthPort: values["health-port"] === undefined ? undefined : port("health-port", values["health-port"]),
    healthHost: values["health-host"] ?? "127.0.0.1",
    logLevel: level(values["log-level"] ?? "info"),
  };
  if (flags.namespace === "" || flags.identity === "") {
    throw new UsageError("cannot use an empty --namespace or --identity: leave the flag out for the default");
  }
  return flags;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        kubeconfig: text,
        namespace: text,
        identity: text,
        "lease-duration": text,
        "renew-deadline": text,
        "retry-period": text,
        "health-port": text,
        "health-host": text,
        "log-level": text,
        help: { type: "boolean" },
      },
      allowPositionals: false,
    });
  } catch (error) {
    throw new UsageError(`cannot read the flags: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function duration(flag: string, value: string): number {
  const ms = parseDurationMs(value);
  if (ms === undefined || ms === 0) {
    throw new UsageError(`cannot use --${flag} "${value}": it must be a duration above 0, such as 500ms, 15s or 1m`);
  }
  return ms;
}

function port(flag: string, value: string): number {
  const number = Number(value);
  if (!/^\d{1,5}$/.test(value) || number > 65_535) {
    throw new UsageError(`cannot use --${flag} "${value}": it must be a port, 0 to 65535 (0: any free one)`);
  }
  return number;
}

function level(value: string): LogLevel {
  const known = logLevels.find((candidate) => candidate === value);
  if (known === undefined) {
    throw new UsageError(`cannot use --log-level "${value}": it must be one of ${logLevels.join(", ")}`);
  }
  return known;
}
