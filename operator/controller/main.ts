// The controller's process: flags, transport, caches, leadership, signals, exit status. 0: stopped in order, 1: it
// could not go on (its supervisor starts it again), 2: wrong flags.
import { hostname } from "node:os";
import { type NodeNetworkConfig, parseNodeNetworkConfig } from "../../crds/node-network-config.ts";
import { type NodeNetworkProfile, parseNodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { systemClock } from "../kube/clock.ts";
import { createEventRecorder } from "../kube/events.ts";
import { startHealthServer } from "../kube/health-server.ts";
import { createInClusterTransport, inClusterEndpoint } from "../kube/in-cluster-transport.ts";
import { createKubeconfigTransport } from "../kube/kubeconfig-transport.ts";
import { runAsLeader } from "../kube/leader-election.ts";
import { createLog, describeError, type Log } from "../kube/log.ts";
import { createMetricsRegistry } from "../kube/metrics.ts";
import { startReflector } from "../kube/reflector.ts";
import type { KubeTransport } from "../kube/transport.ts";
import { isSameNode, type ObservedNode, parseNode } from "./node.ts";
import { type ControllerFlags, parseFlags, UsageError, usage } from "./options.ts";
import { type Controller, createController } from "./reconcile.ts";
import { configPath, fieldManager, nodePath, profilePath } from "./resources.ts";

const clock = systemClock;
const random = Math.random;

// at once: a connection that lingers must not keep a process that has lost its lease
process.exit(await main());

async function main(): Promise<number> {
  let flags: ControllerFlags | "help";
  try {
    flags = parseFlags(process.argv.slice(2), { hostname: hostname(), pid: process.pid });
  } catch (error) {
    if (!(error instanceof UsageError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (flags === "help") {
    process.stdout.write(usage);
    return 0;
  }
  const write = (line: string): void => void process.stderr.write(`${line}\n`);
  const log = createLog({ write, clock, level: flags.logLevel, fields: { identity: flags.identity } });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info("stopping", { signal });
      stop.abort();
    });
  }
  try {
    return await serve(flags, log, stop);
  } catch (error) {
    log.error("the controller cannot go on", { error: describeError(error) });
    return 1;
  }
}

async function serve(flags: ControllerFlags, log: Log, stop: AbortController): Promise<number> {
  const transport = openTransport(flags);
  // a wrong address or a missing right is said at once, not after the first long back-off
  await transport
    .request({ method: "GET", path: configPath(), query: { limit: 1 }, timeoutMs: 10_000, signal: stop.signal })
    .catch((error) => {
      if (!isPatient(error)) {
        throw error;
      }
      log.warn("the API server does not serve NodeNetworkConfigs yet: apply the CRDs", { error: describeError(error) });
    });
  let controller: Controller | undefined;
  const common = { transport, clock, random, log, signal: stop.signal };
  const onChange = (): void => controller?.changed();
  const configs = startReflector<NodeNetworkConfig>({
    ...common,
    path: configPath(),
    parse: parseNodeNetworkConfig,
    keyOf: ({ metadata }) => metadata.name,
    onChange,
  });
  const profiles = startReflector<NodeNetworkProfile>({
    ...common,
    path: profilePath(),
    parse: parseNodeNetworkProfile,
    keyOf: ({ metadata }) => metadata.name,
    onChange: (_name, change) => {
      if (change.kind === "deleted") {
        controller?.profileDeleted(change.object);
      }
      onChange();
    },
  });
  const nodes = startReflector<ObservedNode>({
    ...common,
    path: nodePath(),
    parse: parseNode,
    keyOf: ({ name }) => name,
    isSame: isSameNode,
    onChange,
  });
  const reflectors = [configs, profiles, nodes];
  const synced = Promise.all(reflectors.map((reflector) => reflector.synced));
  synced.catch(() => undefined); // awaited by the leader; a standby that is stopped does not care
  const metrics = createMetricsRegistry();
  await using health = await openHealth(
    flags,
    log,
    () => reflectors.every((reflector) => reflector.health().synced),
    metrics.render,
  );
  if (health !== undefined) {
    log.info("health server listens", { port: health.port });
  }

  try {
    const { namespace, identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs } = flags;
    const lease = { namespace, name: "mqtap-controller", identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
    const ended = await runAsLeader({ ...common, ...lease }, async (leadership) => {
      await synced;
      const events = createEventRecorder({
        ...common,
        transport: leadership.transport,
        reportingController: fieldManager,
        reportingInstance: identity,
      });
      controller = createController({
        caches: { configs: configs.store, profiles: profiles.store, nodes: nodes.store },
        transport: leadership.transport,
        events,
        clock,
        random,
        log,
        metrics,
      });
      await controller.run(leadership.signal);
      await events.flush();
    });
    return ended === "lost" ? 1 : 0;
  } finally {
    stop.abort();
    await Promise.all(reflectors.map((reflector) => reflector.done));
    transport.close();
  }
}

/** True for what passes by itself: the CRDs or the rights are applied in a moment. */
function isPatient(error: unknown): boolean {
  return error instanceof Error && "status" in error && (error.status === 404 || error.status === 403);
}

function openTransport({ kubeconfig }: ControllerFlags): KubeTransport {
  if (kubeconfig !== undefined) {
    return createKubeconfigTransport({ kubeconfigFile: kubeconfig, clock });
  }
  const endpoint = inClusterEndpoint(process.env);
  if (endpoint === undefined) {
    throw new Error("cannot find the API server: this is no pod of a cluster, so give --kubeconfig FILE");
  }
  return createInClusterTransport({ ...endpoint, clock });
}

async function openHealth(flags: ControllerFlags, log: Log, isSynced: () => boolean, metrics: () => string) {
  if (flags.healthPort === undefined) {
    return undefined;
  }
  return startHealthServer({
    host: flags.healthHost,
    port: flags.healthPort,
    live: () => undefined,
    ready: () => (isSynced() ? undefined : "the caches are not filled yet"),
    metrics,
    log,
  });
}
