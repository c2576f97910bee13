// A demo node: a mount and a network namespace of its own on this machine. Programs that run in it see their own
// /run, /var/lib/mqtap and /var/lib/cni; what they make (pods' namespaces, links) vanishes with the node's holder,
// a child that the kernel kills when we die. Its sysctls are a folder of files.
import { mkdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type CommandOptions, type CommandResult, runCommand } from "./command.ts";
import { type Daemon, type DaemonOptions, startDaemon } from "./daemon.ts";
import { renderMountScript } from "./demo-node-mounts.ts";
import { makeSysctlFolder } from "./sysctl-folder.ts";

/** What `startDemoNode` needs. */
export interface DemoNodeOptions {
  readonly name: string;
  /** Whether the node's kernel has a sysctl that limits tap queues. */
  readonly hasTuntapSysctl: boolean;
  /** A directory for the node's files and logs; the caller removes it. */
  readonly directory: string;
  /** More directories that programs in the node must see although they lie below /run or /var/lib. */
  readonly keepVisible?: readonly string[];
}

/**
 * The network namespace a program runs in: the node's own (a plugin: what it makes there must vanish with the node)
 * or the machine's (an agent: it needs the loopback address on which the API server listens).
 */
export type NodeNetwork = "node" | "machine";

/** A running demo node. */
export interface DemoNode extends AsyncDisposable {
  readonly name: string;
  readonly directory: string;
  /** For `--sysctl-root`; the same path inside and outside. */
  readonly sysctlRoot: string;
  readonly holderPid: number;
  /** The argv that runs `argv` inside the node. */
  enter(argv: readonly string[], network?: NodeNetwork): readonly string[];
  /** Runs a program in the node to its end. @throws CommandError */
  run(argv: readonly string[], options?: CommandOptions & { readonly network?: NodeNetwork }): Promise<CommandResult>;
  /** Starts a daemon in the node's files and the machine's network; it ends with the node at the latest. */
  spawn(argv: readonly string[], options: Omit<DaemonOptions, "argv"> & { readonly network?: NodeNetwork }): Daemon;
  /** Makes a network namespace as a runtime does for a pod, and gives the path it has inside the node. */
  addPodNetns(name: string): Promise<string>;
  /** Removes it again; what is not there is no error. */
  deletePodNetns(name: string): Promise<void>;
}

const root = resolve(import.meta.dirname, "../..");
const startTimeoutMs = 20_000;

/** Starts the holder and waits until its mounts stand. Root only. */
export async function startDemoNode(options: DemoNodeOptions): Promise<DemoNode> {
  await mkdir(options.directory, { recursive: true });
  const directory = await realpath(options.directory);
  const sysctlRoot = await makeSysctlFolder(join(directory, "sysctl"), options.hasTuntapSysctl);
  const holder = await startHolder(options, directory);
  const daemons = new Set<Daemon>();

  const enter = (argv: readonly string[], network: NodeNetwork = "node"): readonly string[] => [
    "nsenter",
    `--target=${holder.pid}`,
    "--mount",
    ...(network === "node" ? ["--net"] : []),
    "--",
    ...argv,
  ];
  const run: DemoNode["run"] = async (argv, { network, ...commandOptions } = {}) =>
    runCommand(enter(argv, network), commandOptions);
  return {
    name: options.name,
    directory,
    sysctlRoot,
    holderPid: holder.pid,
    enter,
    run,
    spawn: (argv, { network = "machine", ...daemonOptions }) => {
      const daemon = startDaemon({ ...daemonOptions, argv: enter(argv, network) });
      daemons.add(daemon);
      return daemon;
    },
    addPodNetns: async (name) => {
      const path = podNetnsPath(name);
      // unshare(1) binds the new namespace over the file
      await run(["sh", "-c", 'set -C; : > "$1"; exec unshare "--net=$1" true', "sh", path]);
      return path;
    },
    deletePodNetns: async (name) => {
      // lazily, as runtimes do: whoever looks into the namespace, as agents do, has it open for a moment
      await run(["sh", "-c", 'if [ -e "$1" ]; then umount -l "$1"; rm "$1"; fi', "sh", podNetnsPath(name)]);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...daemons].map((daemon) => daemon.stop("SIGTERM", 5_000)));
      await holder.stop("SIGKILL");
    },
  };
}

function podNetnsPath(name: string): string {
  if (!/^[\w][\w.-]*$/.test(name)) throw new RangeError(`cannot name a network namespace "${name}"`);
  return `/run/netns/${name}`;
}

async function startHolder(options: DemoNodeOptions, directory: string): Promise<Daemon> {
  const keep = [root, process.execPath.replace(/\/[^/]*$/, ""), tmpdir(), directory, ...(options.keepVisible ?? [])];
  const script = renderMountScript(await Promise.all(keep.map((path) => realpath(path))));
  const holder = startDaemon({
    name: `node ${options.name}`,
    argv: ["unshare", "--mount", "--net", "--propagation=private", "--", "sh", "-c", script],
    logFile: join(directory, "holder.log"),
    stdio: "pipe",
  });
  const timeout = setTimeout(() => holder.child.kill("SIGKILL"), startTimeoutMs);
  const isReady = await Promise.race([firstOutput(holder), holder.ended.then(() => false)]);
  clearTimeout(timeout);
  if (isReady) return holder;
  throw new Error(`cannot start node "${options.name}": ${await holder.ended}: ${holder.logTail()}`);
}

function firstOutput(daemon: Daemon): Promise<boolean> {
  return new Promise((fulfil) => daemon.child.stdout?.once("data", () => fulfil(true)));
}
