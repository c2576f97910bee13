// Kills a built plugin at random moments of ADD and looks at what a DEL leaves behind. Synchronous on purpose: the moment is
// waited for in a loop, since timers are coarser than an ADD is long.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, writeFileSync } from "node:fs";
import type { Link } from "../../cni/kernel/kernel.ts";
import { LinuxKernel } from "../../cni/kernel/linux.ts";
import { koffiSyscalls } from "../../cni/sys/koffi.ts";
import { readProcFile } from "../../deploy/local/setup/proc.mjs";
import { componentDirectory } from "../integration/ipam-plugins.ts";

export interface KillPlan {
  readonly plugin: string;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly kills: number;
  readonly seed: number;
}

export interface KillReport {
  /** How long an undisturbed ADD takes, the median of some, in ms. */
  readonly addMs: number;
  readonly kills: number;
  /** How many were killed before they ended by themselves. */
  readonly hits: number;
  /** Rounds in which something was in the pod when the plugin was dead. */
  readonly found: number;
  /** Rounds in which a link stayed after DEL. */
  readonly leftovers: number;
  /** ADDs that a runtime tried again after a kill, and how many of them failed. */
  readonly retries: number;
  readonly failedRetries: number;
  /** DELs that failed. */
  readonly failedDeletions: number;
}

const pod = "pod";
const netns = `/run/netns/${pod}`;
const stdinPath = "/run/stdin.json";
const warmUps = 15;

export async function killAtRandom({ plugin, conf, kills, seed }: KillPlan): Promise<KillReport> {
  writeFileSync(stdinPath, JSON.stringify({ cniVersion: "1.1.0", name: "net", type: "tap", ...conf }));
  ip("netns", "add", pod);
  const kernel = new LinuxKernel(koffiSyscalls());
  const addMs = await medianAddMs(plugin);
  const random = randomFractions(seed);
  const count = { hits: 0, found: 0, leftovers: 0, retries: 0, failedRetries: 0, failedDeletions: 0 };
  for (let round = 0; round < kills; round++) {
    // From right after the start to a little later than the end.
    if (await killDuringAdd(plugin, random() * 1.2 * addMs)) count.hits += 1;
    if (linksIn(kernel).length > 0) count.found += 1;
    if (round % 2 === 1) {
      count.retries += 1;
      if (call(plugin, "ADD") !== 0) count.failedRetries += 1;
    }
    if (call(plugin, "DEL") !== 0) count.failedDeletions += 1;
    const left = linksIn(kernel);
    if (left.length > 0) count.leftovers += 1;
    for (const { name } of left) ip("-n", pod, "link", "del", name);
  }
  ip("netns", "del", pod);
  return { addMs, kills, ...count };
}

/** All links but the loopback. */
function linksIn(kernel: LinuxKernel): readonly Link[] {
  using namespace = kernel.openNamespace(netns);
  if (namespace === undefined) throw new Error("the pod's namespace is gone");
  return namespace.links().filter(({ name }) => name !== "lo");
}

async function medianAddMs(plugin: string): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < warmUps; time++) {
    const stdin = openSync(stdinPath, "r");
    const child = start(plugin, stdin);
    const started = performance.now();
    const [status] = await once(child, "exit");
    times.push(performance.now() - started);
    closeSync(stdin);
    if (status !== 0) throw new Error(`an ADD that nobody killed ended with ${status}`);
    call(plugin, "DEL");
  }
  return times.sort((a, b) => a - b)[Math.floor(warmUps / 2)] ?? 0;
}

/** True when the plugin was still running. */
async function killDuringAdd(plugin: string, delayMs: number): Promise<boolean> {
  const stdin = openSync(stdinPath, "r");
  const child = start(plugin, stdin);
  const ended = once(child, "exit");
  const until = performance.now() + delayMs;
  while (performance.now() < until);
  child.kill("SIGKILL");
  await ended;
  closeSync(stdin);
  waitForOrphans(child.pid ?? 0);
  return child.signalCode === "SIGKILL";
}

/** In a process group of its own, so that one can tell when the helpers that it started have ended, too. */
function start(plugin: string, stdin: number): ChildProcess {
  return spawn(plugin, [], { env: environment("ADD"), stdio: [stdin, "ignore", "ignore"], detached: true });
}

/** A runtime's DEL comes later than what a killed plugin left running ends: its IPAM plugin, or the reference's `ip`. */
function waitForOrphans(group: number): void {
  while (isGroupAlive(group) && readdirSync("/proc").some((pid) => isWorkingFor(pid, group)));
}

function isGroupAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

/** A process of this group that is no zombie: nobody may be there who reaps orphans. */
function isWorkingFor(pid: string, group: number): boolean {
  if (!/^[0-9]+$/.test(pid)) return false;
  // proc_pid_stat(5): state, parent and process group follow the name in parentheses.
  const [state, , ownGroup] = readProcFile(pid, "stat").split(") ").at(-1)?.split(" ") ?? [];
  return state !== "Z" && Number(ownGroup) === group;
}

function call(plugin: string, command: string): number | null {
  const stdin = openSync(stdinPath, "r");
  const { status } = spawnSync(plugin, { env: environment(command), stdio: [stdin, "ignore", "ignore"] });
  closeSync(stdin);
  return status;
}

function environment(command: string): NodeJS.ProcessEnv {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: "c1",
    CNI_NETNS: netns,
    CNI_IFNAME: "eth0",
    CNI_PATH: componentDirectory,
    PATH: process.env["PATH"],
  };
}

function ip(...argv: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", argv, { encoding: "utf8" });
  if (status !== 0) throw new Error(`cannot run ip ${argv.join(" ")}: ${stderr}`);
}

/** Park and Miller's generator: the same fractions for the same seed. */
function randomFractions(seed: number): () => number {
  const modulus = 2_147_483_647;
  let state = (Math.abs(seed) % (modulus - 1)) + 1;
  return () => {
    state = (state * 48_271) % modulus;
    return state / modulus;
  };
}
