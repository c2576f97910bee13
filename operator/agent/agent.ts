// The agent put together: state, backends, profile loop, sizing socket. Takes its surroundings as parameters; main.ts
// gives those of the process.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { delay } from "../kube/clock.ts";
import { createEventRecorder, type EventRecorder } from "../kube/events.ts";
import { createMetricsRegistry } from "../kube/metrics.ts";
import type { Reflector } from "../kube/reflector.ts";
import { runWorkers } from "../kube/run-workers.ts";
import { isNotFound, type KubeTransport } from "../kube/transport.ts";
import { WorkQueue } from "../kube/work-queue.ts";
import { Adopter, type AdopterOptions } from "./adoption/adopter.ts";
import { openCacheDirectory } from "./adoption/cache-directory.ts";
import { startAgentHealth } from "./agent-health.ts";
import { Announcer } from "./announcer.ts";
import { Attempts } from "./attempts.ts";
import { advisoryBackend } from "./backends/advisory.ts";
import { createSysctlBackend } from "./backends/sysctl.ts";
import { createPluginKeeper, type PluginKeeper } from "./install/create-installer.ts";
import { createInventory } from "./inventory.ts";
import { writeNodeFile } from "./node-file.ts";
import { type ObservedProfile, profilePath, profileReference } from "./observed-profile.ts";
import type { AgentFlags } from "./options.ts";
import { type LoopKey, ProfileLoop } from "./profile-loop.ts";
import type { Problem } from "./reasons.ts";
import { runProgram } from "./run-program.ts";
import { Announced } from "./sizing/announced.ts";
import type { SizingContext } from "./sizing/answer.ts";
import type { NodeLimits } from "./sizing/caps.ts";
import { createSizingCluster } from "./sizing/cluster.ts";
import { startSizingServer } from "./sizing/server.ts";
import { createSizingService } from "./sizing/service.ts";
import { withAttachment } from "./state.ts";
import { StateStore } from "./state-store.ts";
import { agentFieldManager, StatusReporter } from "./status-reporter.ts";
import type { AgentSurroundings } from "./surroundings.ts";
import { SysctlKeeper } from "./sysctl-keeper.ts";
import { SysctlTree } from "./sysctl-tree.ts";
import { TunDriver } from "./tun-driver.ts";
import { Verifier } from "./verification/verifier.ts";
import { watchProfile } from "./watch-profile.ts";

/** Runs until the signal is aborted, and then ends in order. @throws when it cannot begin. */
export async function runAgent(flags: AgentFlags, surroundings: AgentSurroundings): Promise<void> {
  const { transport, clock, random, log, signal } = surroundings;
  const bootId = readFileSync(flags.bootIdFile, "utf8").trim();
  const path = join(flags.stateDir, "state.json");
  const { store, corruption } = await StateStore.load({ path, bootId, now: clock.now });
  if (corruption !== undefined) log.error("the agent's state is corrupt and set aside", { ...corruption });

  const events = createEventRecorder({
    ...{ transport, clock, random, log },
    reportingController: agentFieldManager,
    reportingInstance: flags.nodeName,
  });
  const queue = new WorkQueue<LoopKey>({ clock, random });
  let reflector: Reflector<ObservedProfile> | undefined;
  const observed = (): ObservedProfile | undefined => reflector?.store.get(flags.nodeName);
  const cluster = createSizingCluster(transport);
  const metrics = createMetricsRegistry();
  const verifier: Verifier = new Verifier({
    ...{ store, cluster, events, metrics, clock, random, log, signal },
    take: createInventory({ pluginPath: flags.pluginPath, run: runProgram }),
    limits: () => loop.limits(),
    onOverLimit: () => queue.add("status"),
    intervalMs: flags.inspectIntervalMs,
    overLimitIntervalMs: flags.overLimitIntervalMs,
  });
  const plugin = createPluginKeeper({
    ...{ flags, surroundings, store, events, metrics },
    regarding: () => profileReference(flags.nodeName, observed()?.uid ?? store.state.profile?.uid),
    onChange: () => queue.add("node"),
  });
  const adoption = { problems: (): readonly Problem[] => adopter?.problems() ?? [] };
  const parts = { flags, surroundings, bootId, store, events, queue, observed, verifier, plugin, adoption };
  const loop: ProfileLoop = createLoop(parts);

  const context: SizingContext = {
    nodeName: flags.nodeName,
    cluster,
    hookImageNames: flags.hookImageNames,
    managedTapBindings: flags.managedTapBindings,
    limits: (requestSignal) => currentLimits(loop, flags.nodeName, transport, requestSignal),
    sha256Hex: (text) => createHash("sha256").update(text).digest("hex"),
  };
  const announced = new Announced();
  const answer = createSizingService({
    context,
    remember: (id, attachment) => {
      verifier.expect();
      return store.change((state) => withAttachment(state, id, attachment));
    },
    announced,
    events,
    now: clock.now,
    log,
  });
  const isSynced = (): boolean => reflector?.health().synced === true;
  await using _health = await startAgentHealth({ flags, log, isSynced, metrics: metrics.render });
  // The socket comes first: where another agent serves, this one must not touch the node.
  const server = await startSizingServer({ runDir: flags.runDir, answer, clock, log });
  log.info("sizing socket listens", { path: server.path });
  const installed = plugin.run();
  const verified = verifier.run();
  const adopter = createAdopter({ flags, surroundings, context, store, announced, events, metrics, verifier });
  const adopted = adopter?.run();
  // What was applied last, before the API server is asked.
  queue.add("node");
  const workers = runWorkers({ queue, workers: 1, reconcile: (key) => loop.reconcile(key), log });
  await delay(clock, flags.startJitterMs * random(), signal);
  if (!signal.aborted) {
    reflector = watchProfile(surroundings, flags.nodeName, (_name, change) => {
      if (change.kind === "deleted") log.warn("profile has gone: what was applied last stays in force");
      else queue.add(isSameSpec(change.object, change.previous) ? "status" : "node");
    });
    await reflector.done;
  }
  await server.close();
  await queue.shutDown();
  await Promise.all([workers, installed, verified, adopted]);
  await Promise.race([events.flush(), delay(clock, 2_000)]);
}

interface LoopParts {
  readonly flags: AgentFlags;
  readonly surroundings: AgentSurroundings;
  readonly bootId: string;
  readonly store: StateStore;
  readonly events: EventRecorder;
  readonly queue: WorkQueue<LoopKey>;
  readonly observed: () => ObservedProfile | undefined;
  readonly verifier: Verifier;
  readonly plugin: PluginKeeper;
  readonly adoption: Pick<Adopter, "problems">;
}

function createLoop({ flags, surroundings, bootId, store, events, queue, observed, ...parts }: LoopParts): ProfileLoop {
  const { transport, clock, random, log, signal } = surroundings;
  const { nodeName, tuntapSysctl, driftIntervalMs, tunDevice } = flags;
  const tree = new SysctlTree(flags.sysctlRoot, flags.hostRoot);
  const keeper = new SysctlKeeper({ tree, store, attempts: new Attempts(), bootId, monotonicMs: clock.monotonicMs });
  return new ProfileLoop({
    ...{ nodeName, bootId, queue, observed, store, tree, keeper, tuntapSysctl, driftIntervalMs, clock, random, log },
    ...{ verifier: parts.verifier, plugin: parts.plugin, adoption: parts.adoption },
    reporter: new StatusReporter({ transport, clock, signal }),
    announcer: new Announcer(events, log),
    writeNodeFile: (file) => writeNodeFile(join(flags.stateDir, "node.json"), file),
    tunDevice,
    tunDriver: new TunDriver(createInventory({ pluginPath: flags.pluginPath, run: runProgram, scope: [] }), signal),
    hasTunDevice: () => existsSync(tunDevice),
    backends: [createSysctlBackend(keeper, tuntapSysctl), advisoryBackend],
  });
}

function createAdopter({
  flags,
  surroundings,
  verifier,
  ...parts
}: Pick<AdopterOptions, "context" | "store" | "announced" | "events" | "metrics"> &
  Pick<LoopParts, "flags" | "surroundings" | "verifier">): Adopter | undefined {
  const { cniCacheDir: path, pluginPath, adoptRunning } = flags;
  if (path === undefined) return undefined;
  const plugin = { pluginPath, run: runProgram };
  const onPlanned = (): void => verifier.expect();
  return new Adopter({
    ...surroundings,
    ...parts,
    directory: openCacheDirectory(path),
    path,
    plugin,
    adoptRunning,
    onPlanned,
  });
}

/** Before the first profile is seen: undefined when there is one, the kernel's own limit when there is none. */
async function currentLimits(
  loop: ProfileLoop,
  nodeName: string,
  transport: KubeTransport,
  signal: AbortSignal,
): Promise<NodeLimits | undefined> {
  const known = loop.limits();
  if (known !== undefined) return known;
  try {
    await transport.request({ method: "GET", path: profilePath(nodeName), signal });
    return loop.limits();
  } catch (error) {
    if (isNotFound(error)) return loop.limitsWithoutProfile();
    throw error;
  }
}

function isSameSpec(profile: ObservedProfile, previous: ObservedProfile | undefined): boolean {
  return previous?.uid === profile.uid && previous.generation === profile.generation;
}
