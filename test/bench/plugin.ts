// Runs a CNI plugin for the benchmarks through the small measuring parent spawn.c, in network namespaces of its own.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Cost {
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly maxRssKb: number;
}

export interface Plugin {
  readonly name: string;
  readonly path: string;
}

/** What both plugins are asked for: the reference's own fields, with owner and group (its faster path). */
const sameConfig = { cniVersion: "1.1.0", name: "bench", type: "tap", multiQueue: true, owner: 107, group: 107 };

/** Runs a plugin and tells what it cost. @throws Error when it fails. */
export type Run = (call: PluginCall) => Cost;

/** Compiles spawn.c into `directory`. */
export function measuringRunner(directory: string): Run {
  const runner = join(directory, "spawn");
  const source = join(import.meta.dirname, "spawn.c");
  const gcc = spawnSync("gcc", ["-O2", "-o", runner, source], { encoding: "utf8" });
  if (gcc.status !== 0) throw new Error(`cannot compile spawn.c: ${gcc.stderr}`);
  return (call) => runOnce(runner, directory, call);
}

export interface PluginCall {
  readonly plugin: Plugin;
  readonly verb: "VERSION" | "STATUS" | "ADD" | "DEL";
  readonly netns?: string;
  readonly ifName?: string;
  /** In place of what both plugins are usually asked for. */
  readonly config?: object;
  /** More than one: as many at once, the n-th in the namespace whose path is `netns` with n behind it. */
  readonly count?: number;
}

function runOnce(runner: string, directory: string, call: PluginCall): Cost {
  const stdin = join(directory, "stdin.json");
  writeFileSync(stdin, JSON.stringify(call.config ?? sameConfig));
  const result = spawnSync(runner, [`${call.count ?? 1}`, stdin, call.plugin.path], {
    encoding: "utf8",
    env: {
      CNI_COMMAND: call.verb,
      CNI_CONTAINERID: "bench",
      CNI_NETNS: call.netns ?? "",
      CNI_IFNAME: call.ifName ?? "tap0",
      CNI_PATH: "/opt/cni/bin",
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    },
  });
  const cost: unknown = JSON.parse(result.stdout);
  if (!isCost(cost)) throw new Error(`cannot read the runner's answer: ${result.stdout}`);
  if (cost.status !== 0)
    throw new Error(`${call.plugin.name} ${call.verb} failed (status ${cost.status}): ${result.stderr}`);
  return cost;
}

function isCost(value: unknown): value is Cost & { readonly status: number } {
  return typeof value === "object" && value !== null && "cpuUs" in value && "maxRssKb" in value && "status" in value;
}
