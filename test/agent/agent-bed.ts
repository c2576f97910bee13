// A node agent with everything real but the API server and the node's files, which lie in a folder of the test's own.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { runAgent } from "../../operator/agent/agent.ts";
import { profilePath } from "../../operator/agent/observed-profile.ts";
import { parseFlags } from "../../operator/agent/options.ts";
import { systemClock } from "../../operator/kube/clock.ts";
import { createLog } from "../../operator/kube/log.ts";
import { FakeCluster } from "../fakes/fake-cluster.ts";

export const tuntapSysctl = "net/tuntap/max_queues";
const source = { config: "dense", keys: ["tuntap.maxQueues"], generation: 1 };

/** The profile of node n1, as the controller writes it; without `maxQueues` it asks for nothing. */
export function profileOf(maxQueues: number | undefined, generation = 1, enforcement = "BestEffort") {
  const tuntap = maxQueues === undefined ? {} : { tuntap: { maxQueues, enforcement, onRemoval: "Restore" } };
  const sources = maxQueues === undefined ? [] : [source];
  return {
    apiVersion: "mqtap.io/v1alpha1",
    kind: "NodeNetworkProfile",
    metadata: { name: "n1", uid: "profile-1", generation },
    spec: { ...tuntap, sysctls: [], sources, hash: `hash-${maxQueues}` },
  };
}

/** Waits for what other tasks bring about; the test runner's own time limit ends it when they do not. */
export async function until<T>(look: () => T | undefined | false): Promise<T> {
  while (true) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await setImmediate();
  }
}

/** A folder with a node's files, an API server, and agents started on both; all gone when the test ends. */
export function agentBed(t: TestContext, { hasSysctl = true } = {}) {
  const root = mkdtempSync(join(tmpdir(), "mqtap-agent-"));
  const ends: (() => Promise<void>)[] = [];
  t.after(async () => {
    await Promise.allSettled(ends.map((end) => end()));
    rmSync(root, { recursive: true });
  });
  const sysctl = join(root, "sys", tuntapSysctl);
  mkdirSync(dirname(sysctl), { recursive: true });
  if (hasSysctl) writeFileSync(sysctl, "256\n");
  const bootIdFile = join(root, "boot_id");
  writeFileSync(bootIdFile, "boot-1\n");
  const cluster = new FakeCluster();
  const lines: string[] = [];
  const dir = (name: string): string => join(root, name);

  const start = (...more: string[]) => {
    const flags = parseFlags(
      [
        ...["--node-name=n1", "--drift-interval=100ms", `--run-dir=${dir("run")}`, `--state-dir=${dir("lib")}`],
        ...[`--sysctl-root=${dir("sys")}`, `--boot-id-file=${bootIdFile}`, "--cni-cache-dir="],
        ...[`--plugin=${dir("mqtap")}`, ...more],
      ],
      { server: "https://unused", caFile: "/unused", tokenFile: "/unused" },
    );
    assert.ok(flags !== "help");
    const stop = new AbortController();
    const log = createLog({ write: (line) => void lines.push(line), clock: systemClock });
    const surroundings = { transport: cluster, clock: systemClock, random: () => 0.5, log, signal: stop.signal };
    const ended = runAgent(flags, surroundings);
    const end = async (): Promise<void> => {
      stop.abort();
      await ended;
    };
    ends.push(end);
    return { end, ended };
  };

  const status = () => cluster.get(profilePath("n1"))?.["status"] as Readonly<Record<string, unknown>> | undefined;
  const condition = (type: string) =>
    ((status()?.["conditions"] ?? []) as { type: string; status: string; reason: string; message: string }[]).find(
      (candidate) => candidate.type === type,
    );
  const settled = (generation: number) => until(() => status()?.["observedGeneration"] === generation);
  const value = (): string => readFileSync(sysctl, "utf8");
  const state = () => JSON.parse(readFileSync(join(root, "lib/state.json"), "utf8"));
  return { root, dir, sysctl, cluster, lines, start, status, condition, settled, value, state };
}
