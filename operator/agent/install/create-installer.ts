// The installer with the agent around it: flags, events on the node's profile, metrics, log.

import { join } from "node:path";
import type { EventRecorder, ObjectReference } from "../../kube/events.ts";
import type { MetricsRegistry } from "../../kube/metrics.ts";
import { hostPathOf } from "../host-path.ts";
import type { AgentFlags } from "../options.ts";
import type { Problem } from "../reasons.ts";
import { runProgram } from "../run-program.ts";
import type { StateStore } from "../state-store.ts";
import type { AgentSurroundings } from "../surroundings.ts";
import { realDisk } from "./disk.ts";
import { Installer } from "./installer.ts";
import { type PluginCondition, pluginCondition, pluginNotManaged } from "./plugin-condition.ts";
import { createProbe } from "./probe-plugin.ts";

export interface CreateInstallerOptions {
  readonly flags: AgentFlags;
  readonly surroundings: AgentSurroundings;
  readonly store: StateStore;
  readonly events: Pick<EventRecorder, "record">;
  readonly metrics: MetricsRegistry;
  readonly regarding: () => ObjectReference;
  readonly onChange: () => void;
}

/** What the rest of the agent sees of the installer. */
export interface PluginKeeper {
  /** undefined: not looked at yet. */
  condition(): PluginCondition | undefined;
  problems(): readonly Problem[];
  /** Until the agent stops. */
  run(): Promise<void>;
}

/** One that installs nothing, where the flags name no CNI directory. */
export function createPluginKeeper(options: CreateInstallerOptions): PluginKeeper {
  const { flags, surroundings, store, events, metrics, regarding, onChange } = options;
  const installed = metrics.gauge(
    "mqtap_plugin_installed",
    "1 where the host has this agent's plugin; NaN where it is not managed or not known.",
  );
  if (flags.cniBinDir === undefined) {
    installed.read({}, () => Number.NaN);
    return { condition: () => pluginNotManaged, problems: () => [], run: () => Promise.resolve() };
  }
  const changes = metrics.counter(
    "mqtap_installs_total",
    "Times that plugin or policy were written to the host, by reason.",
  );
  const target = join(flags.cniBinDir, "mqtap");
  const shown = (path: string): string => hostPathOf(flags.hostRoot, path);
  const { log } = surroundings;
  const installer: Installer = new Installer({
    ...surroundings,
    disk: realDisk,
    probe: createProbe(runProgram),
    ...{ store, target, shown, onChange },
    source: flags.pluginPath,
    policyPath: flags.policyFile,
    policySource: flags.policySource,
    intervalMs: flags.installIntervalMs,
    onDone: ({ what, why, note }) => {
      log.info("host changed", { what, why, note });
      changes.add({ what, why });
      const reason = `${what === "plugin" ? "Plugin" : "Policy"}${why === "installed" ? "Installed" : why === "replaced" ? "Replaced" : "Repaired"}`;
      const type = why === "repaired" ? "Warning" : "Normal";
      events.record({ regarding: regarding(), type, reason, action: "InstallPlugin", note });
    },
  });
  installed.read({}, () => {
    const { installation } = installer;
    return installation === undefined ? Number.NaN : Number(installation.isCurrent);
  });
  return {
    condition: () => installer.installation && pluginCondition(installer.installation, shown(target)),
    problems: () => installer.installation?.problems ?? [],
    run: () => installer.run(),
  };
}
