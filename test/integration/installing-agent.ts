// The built agent as a process in a bed, without an API server: what it does to the host's files it does on its own.

import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Daemon, startDaemon } from "../../deploy/local/daemon.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import type { Bed } from "./bed.ts";

const bundle = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));

/** Where things lie in the bed; the host's directory has another plugin in it, as every node's has. */
export const host = { cni: "/run/host/opt/cni/bin", plugin: "/run/host/opt/cni/bin/mqtap", source: "/run/app/mqtap" };
export const policyFile = "/etc/cni/mqtap/policy.json";

/** Makes directories and the agent's own plugin; without an API server, what an agent says is its log. */
export function prepareHost(bed: Bed): void {
  for (const directory of [host.cni, "/run/app", "/etc/cni/mqtap"]) mkdirSync(bed.path(directory), { recursive: true });
  bed.write(`${host.cni}/bridge`, "");
  copyFileSync(bed.path("/run/bin/mqtap"), bed.path(host.source));
  bed.write("/run/app/token", "none");
}

/** Another release of the plugin: the same program with other bytes behind it. */
export function release(bed: Bed, name: string): Buffer {
  return Buffer.concat([readFileSync(bed.path("/run/bin/mqtap")), Buffer.from(name)]);
}

/** Replaced, not written over: a program that runs cannot be. */
export function putSource(bed: Bed, bytes: Uint8Array): void {
  const next = bed.path(`${host.source}.next`);
  writeFileSync(next, bytes, { mode: 0o755 });
  renameSync(next, bed.path(host.source));
}

export function startInstallingAgent(bed: Bed, logFile: string, flags: readonly string[] = []): Daemon {
  const { CI: _, ...env } = process.env;
  return startDaemon({
    name: "agent",
    argv: bed.enter([
      process.execPath,
      bundle,
      ...[
        "--node-name=n1",
        "--api-server=https://127.0.0.1:1",
        "--token-file=/run/app/token",
        "--ca-file=/run/app/token",
      ],
      ...[`--plugin=${host.source}`, `--cni-bin-dir=${host.cni}`, "--host-root=/run/host", `--sysctl-root=/proc/sys`],
      ...["--install-interval=100ms", "--drift-interval=100ms", ...flags],
    ]),
    env,
    logFile,
  });
}

/** Waits for a line of the agent's log that has all these words. */
export function waitForLine(agent: Daemon, ...words: readonly string[]): Promise<string> {
  return waitUntil(
    `a line with ${words.join(", ")}`,
    () =>
      readFileSync(agent.logFile, "utf8")
        .split("\n")
        .find((line) => words.every((word) => line.includes(word))),
    { seen: () => agent.logTail(30) },
  );
}
