// The agent in uninstall mode: no profile is heeded, no tap is sized. It stays and looks again, so that what keeps the
// plugin may go later; the sizing socket tells pods that still ask what is going on.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { delay } from "../../kube/clock.ts";
import { createEventRecorder } from "../../kube/events.ts";
import { createMetricsRegistry } from "../../kube/metrics.ts";
import type { Reflector } from "../../kube/reflector.ts";
import { runWorkers } from "../../kube/run-workers.ts";
import { WorkQueue } from "../../kube/work-queue.ts";
import { startAgentHealth } from "../agent-health.ts";
import { Announcer } from "../announcer.ts";
import { Attempts } from "../attempts.ts";
import { hostPathOf } from "../host-path.ts";
import { realDisk } from "../install/disk.ts";
import { createProbe } from "../install/probe-plugin.ts";
import { createInventory } from "../inventory.ts";
import { type ObservedProfile, profileReference } from "../observed-profile.ts";
import type { AgentFlags } from "../options.ts";
import { runProgram } from "../run-program.ts";
import { startSizingServer } from "../sizing/server.ts";
import { StateStore } from "../state-store.ts";
import { agentFieldManager, StatusReporter } from "../status-reporter.ts";
import type { AgentSurroundings } from "../surroundings.ts";
import { SysctlKeeper } from "../sysctl-keeper.ts";
import { SysctlTree } from "../sysctl-tree.ts";
import { watchProfile } from "../watch-profile.ts";
import { findReference } from "./find-references.ts";
import { uninstallStatus } from "./uninstall-status.ts";
import { Uninstaller, type UninstallReport } from "./uninstaller.ts";

const why =
  "mqtap is being uninstalled from this node: take mqtap out of the pod's networks, or install it again with " +
  "kubectl apply -k deploy/overlays/default";

/** Runs until the signal is aborted. @throws when it cannot begin. */
export async function runUninstall(flags: AgentFlags, surroundings: AgentSurroundings): Promise<void> {
  const { transport, clock, random, log, signal } = surroundings;
  const bootId = readFileSync(flags.bootIdFile, "utf8").trim();
  const { store, corruption } = await StateStore.load({
    path: join(flags.stateDir, "state.json"),
    bootId,
    now: clock.now,
  });
  if (corruption !== undefined) log.error("the agent's state is corrupt and set aside", { ...corruption });
  const reporting = { reportingController: agentFieldManager, reportingInstance: flags.nodeName };
  const events = createEventRecorder({ transport, clock, random, log, ...reporting });
  const announcer = new Announcer(events, log);
  const reporter = new StatusReporter({ transport, clock, signal });
  const uninstaller = createUninstaller(flags, surroundings, store, bootId);
  const queue = new WorkQueue<"round" | "status">({ clock, random });
  let reflector: Reflector<ObservedProfile> | undefined;
  let report: UninstallReport | undefined;
  const observed = (): ObservedProfile | undefined => reflector?.store.get(flags.nodeName);

  const round = async () => {
    const before = report;
    report = await uninstaller.round();
    if (before?.obstacles.length !== 0 && report.obstacles.length === 0) log.info("uninstalled", { left: report.left });
    const regarding = profileReference(flags.nodeName, observed()?.uid ?? store.state.profile?.uid);
    announcer.announce(regarding, report.obstacles, report.notices);
    queue.add("status");
    return { requeueAfterMs: flags.installIntervalMs * (0.8 + 0.2 * random()) };
  };
  const writeStatus = async (): Promise<undefined> => {
    const profile = observed();
    if (profile === undefined || report === undefined) return;
    const { generation } = profile;
    const previous = reporter.latest(profile);
    await reporter.report(profile, uninstallStatus({ generation, report, bootId, previous, now: clock.now() }));
  };

  const metrics = createMetricsRegistry();
  const gauge = metrics.gauge(
    "mqtap_uninstalled",
    "1 where nothing of mqtap is left on the node; NaN before the first look.",
  );
  gauge.read({}, () => (report === undefined ? Number.NaN : Number(report.obstacles.length === 0)));
  const isSynced = (): boolean => reflector?.health().synced === true;
  await using _health = await startAgentHealth({ flags, log, isSynced, metrics: metrics.render });
  const answer = () => Promise.resolve({ kind: "retry", why } as const);
  const server = await startSizingServer({ runDir: flags.runDir, answer, clock, log });
  log.info("uninstall mode: profiles are not heeded", { path: server.path });
  queue.add("round");
  const reconcile = (key: "round" | "status") => (key === "round" ? round() : writeStatus());
  const workers = runWorkers({ queue, workers: 1, reconcile, log });
  await delay(clock, flags.startJitterMs * random(), signal);
  if (!signal.aborted) {
    reflector = watchProfile(surroundings, flags.nodeName, () => queue.add("status"));
    await reflector.done;
  }
  await server.close();
  await queue.shutDown();
  await workers;
  await Promise.race([events.flush(), delay(clock, 2_000)]);
}

function createUninstaller(
  flags: AgentFlags,
  { transport, clock, signal }: AgentSurroundings,
  store: StateStore,
  bootId: string,
): Uninstaller {
  const tree = new SysctlTree(flags.sysctlRoot, flags.hostRoot);
  const { monotonicMs } = clock;
  const shown = (path: string): string => hostPathOf(flags.hostRoot, path);
  const take = createInventory({ pluginPath: flags.pluginPath, run: runProgram });
  const { cniConfDirs: confDirs, cniBinDir, policyFile: policyPath, stateDir } = flags;
  return new Uninstaller({
    ...{ store, shown, signal, policyPath, stateDir },
    disk: realDisk,
    probe: createProbe(runProgram),
    keeper: new SysctlKeeper({ tree, store, attempts: new Attempts(), bootId, monotonicMs }),
    source: flags.pluginPath,
    target: cniBinDir === undefined ? undefined : join(cniBinDir, "mqtap"),
    findReference: (netnsDirs) =>
      findReference({ disk: realDisk, take, netnsDirs, confDirs, transport, shown, signal }),
  });
}
