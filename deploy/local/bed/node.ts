// A whole node: kubelet, containerd and runc in pid, mount, net, uts, ipc and cgroup namespaces of their own, on a disk that
// is a folder. Whatever runs in it ends with its process 1, which the kernel kills when we die.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type CommandOptions, type CommandResult, runCommand } from "../command.ts";
import { type Daemon, startDaemon } from "../daemon.ts";
import { waitUntil } from "../story/wait-until.ts";
import { emptyNodeCgroups, type NodeCgroups } from "./cgroups.ts";
import { baseSpec, containerHook, hookPath } from "./container-hook.ts";
import { type Hub, type NodeAddress, nodeAddress, podSubnet } from "./hub.ts";
import { baseSpecPath, containerdConfig, kubeletConfig, kubeletKubeconfigPath } from "./node-config.ts";
import { machineFolders, makeNodeDisk } from "./node-disk.ts";
import { nodeInitArgv } from "./node-init.ts";

/** What a node is made of. */
export interface BedNodeOptions extends NodeAddress {
  /** A folder for its disk and logs; the caller removes it. */
  readonly directory: string;
  readonly cgroups: NodeCgroups;
  readonly hub: Hub;
  /** Name -> file, for /bed/bin. */
  readonly programs: Readonly<Record<NodeProgram, string>>;
  /** Whether its kernel seems to have the sysctl net.tuntap.max_queues. */
  readonly hasTuntapSysctl: boolean;
}

/** What a node runs that is not the machine's own. */
export type NodeProgram = "containerd" | "containerd-shim-runc-v2" | "ctr" | "kubelet" | "pause" | "runc";

/** The daemons of a node. */
export type NodeDaemon = "containerd" | "kubelet";

const devices = ["null", "zero", "full", "random", "urandom", "tty", "kmsg", "fuse", "kvm", "vhost-net"];
const environment = { PATH: "/bed/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root" };
const tuntapSysctl = "/var/lib/bed/max_queues";
const kernelMaxQueues = 256;
const startTimeoutMs = 60_000;

/** One boot of a node. */
interface Boot {
  readonly id: string;
  readonly holder: Daemon;
  /** The node's process 1. */
  readonly pid: number;
}

export class BedNode implements AsyncDisposable {
  readonly name: string;
  /** The node's InternalIP. */
  readonly address: string;
  /** Where the addresses of its pods are from. */
  readonly podSubnet: string;
  readonly directory: string;
  /** The node's root as seen from outside: /etc, /opt, /var and /root, but not /run, /proc, /sys and /dev. */
  readonly disk: string;
  readonly #options: BedNodeOptions;
  readonly #daemons = new Map<NodeDaemon, Daemon>();
  #boot: Boot | undefined;

  private constructor(options: BedNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.address = nodeAddress(options);
    this.podSubnet = podSubnet(options);
    this.directory = options.directory;
    this.disk = path.join(options.directory, "disk");
  }

  /** Makes the disk and boots from it, up to containerd; kubelet is still to be started. */
  static async start(options: BedNodeOptions): Promise<BedNode> {
    const node = new BedNode(options);
    mkdirSync(node.disk, { recursive: true });
    makeNodeDisk(node.disk, node.name);
    const { ctr, runc } = options.programs;
    const { stdout: containerdDefault } = await runCommand([ctr, "oci", "spec"]);
    const files: Readonly<Record<string, string>> = {
      "/etc/containerd/config.toml": containerdConfig,
      [baseSpecPath]: baseSpec(containerdDefault),
      "/etc/kubernetes/kubelet.json": kubeletConfig(),
    };
    for (const [file, text] of Object.entries(files)) await node.writeFile(file, text);
    await node.writeFile(hookPath, containerHook, 0o755);
    try {
      // runc starts itself from an overlay of its own folder, in which a file that is bound is an empty one
      await copyFile(runc, node.onDisk("/bed/bin/runc"));
      await node.#start();
      await node.startDaemon("containerd");
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The file that stands for the node's sysctl net.tuntap.max_queues, from outside. @throws RangeError when it has none */
  get tuntapSysctlFile(): string {
    if (!this.#options.hasTuntapSysctl) throw new RangeError(`node "${this.name}" has no sysctl net.tuntap.max_queues`);
    return this.onDisk(tuntapSysctl);
  }

  get bootId(): string {
    return this.#running().id;
  }

  /** The node's process 1, as we see it. */
  get pid(): number {
    return this.#running().pid;
  }

  /** Where a file of the node's {@link disk} lies for us. */
  onDisk(file: string): string {
    return path.join(this.disk, file);
  }

  /** Writes a file on the {@link disk}, put in place whole. */
  async writeFile(file: string, text: string, mode = 0o644): Promise<void> {
    const target = this.onDisk(file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(`${target}.next`, text, { mode });
    await rename(`${target}.next`, target);
  }

  /** The argv that runs `argv` in all of the node's namespaces, below its root. */
  enter(argv: readonly string[]): readonly string[] {
    const namespaces = ["--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup"];
    return ["nsenter", `--target=${this.pid}`, ...namespaces, "--", ...argv];
  }

  /** Runs a program in the node to its end. @throws CommandError */
  run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this.enter(argv), { env: environment, ...options });
  }

  /** Runs containerd's own command-line tool on what kubelet sees. @throws CommandError */
  ctr(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.run(["ctr", "--namespace=k8s.io", ...args], options);
  }

  /** Brings an image to containerd. `archive` is a file of ours: an OCI image layout in a tar. */
  async importImage(archive: string): Promise<void> {
    const inside = `/var/tmp/${path.basename(archive)}`;
    await copyFile(archive, this.onDisk(inside));
    try {
      await this.ctr(["images", "import", "--digests=false", inside], { timeoutMs: 120_000 });
    } finally {
      await rm(this.onDisk(inside));
    }
  }

  /** Starts a daemon; containerd answers when this settles. */
  async startDaemon(name: NodeDaemon): Promise<void> {
    if (this.#daemons.get(name)?.isRunning) return;
    const script = [
      `for file in /sys/fs/cgroup/${this.#options.cgroups.version === 2 ? "node" : "*"}/cgroup.procs; do echo 0 > "$file"; done`,
      `echo $$ > /run/bed/${name}.pid`,
      'exec "$@"',
    ];
    const argv = this.enter(["sh", "-euc", script.join("\n"), "sh", ...this.#argvOf(name)]);
    const logFile = path.join(this.directory, `${name}.log`);
    const daemon = startDaemon({ name: `${name} of ${this.name}`, argv, env: environment, logFile });
    this.#daemons.set(name, daemon);
    if (name === "containerd") await this.#waitForContainerd(daemon);
  }

  /** Ends a daemon, with SIGKILL after a while or at once; what it manages goes on. */
  async stopDaemon(name: NodeDaemon, signal: "TERM" | "KILL" = "TERM"): Promise<void> {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined || !daemon.isRunning) return;
    // the daemon is a child of the process we started, which passes no signal on
    const kill = async (what: string) => {
      await this.run(["sh", "-c", `kill -${what} "$(cat /run/bed/${name}.pid)"`], { allowFailure: true });
    };
    await kill(signal);
    const hasEnded = await Promise.race([daemon.ended.then(() => true), delay(10_000, false, { ref: false })]);
    if (!hasEnded) await kill("KILL");
    await daemon.ended;
  }

  /** Power off and on: all of its processes and namespaces are gone at once, and it boots anew from the same disk. */
  async reboot(): Promise<void> {
    await this.powerOff();
    await this.boot();
  }

  /** Power on. `maxQueues`: what the kernel of this boot begins with, where it has the sysctl. */
  async boot({ maxQueues = kernelMaxQueues }: { readonly maxQueues?: number } = {}): Promise<void> {
    await this.#start(maxQueues);
    await this.startDaemon("containerd");
    await this.startDaemon("kubelet");
  }

  /** Ends everything that runs on it, at once; the disk stays. */
  async powerOff(): Promise<void> {
    const boot = this.#boot;
    if (boot === undefined) return;
    this.#boot = undefined;
    process.kill(boot.pid, "SIGKILL");
    // process 1 ends after all others have, and its parent after it
    await boot.holder.ended;
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.stop("SIGKILL")));
    emptyNodeCgroups(this.#options.cgroups);
  }

  /** What its daemons said last. */
  logTails(): readonly string[] {
    const names = ["init", "containerd", "kubelet"];
    return names.flatMap((name) => {
      const file = path.join(this.directory, `${name}.log`);
      if (!existsSync(file)) return [];
      return [`--- ${name} of ${this.name}`, ...readFileSync(file, "utf8").trimEnd().split("\n").slice(-12)];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff();
  }

  #running(): Boot {
    if (this.#boot === undefined) throw new Error(`node "${this.name}" is off`);
    return this.#boot;
  }

  async #start(maxQueues = kernelMaxQueues): Promise<void> {
    const { cgroups, hub, hasTuntapSysctl } = this.#options;
    // no sysctl lasts longer than its boot
    if (hasTuntapSysctl) await this.writeFile(tuntapSysctl, `${maxQueues}\n`);
    const { runc: _, ...programs } = this.#options.programs;
    const id = randomUUID();
    const argv = nodeInitArgv({
      hostname: this.name,
      disk: this.disk,
      cgroups,
      bootId: id,
      machineFolders: machineFolders(),
      programs,
      devices: devices.filter((name) => existsSync(`/dev/${name}`)),
      tuntapSysctl: hasTuntapSysctl ? tuntapSysctl : undefined,
    });
    const logFile = path.join(this.directory, "init.log");
    const holder = startDaemon({ name: `node ${this.name}`, argv, env: environment, logFile, stdio: "pipe" });
    if (holder.child.stdout === null) throw new TypeError("a node has no stdout");
    const timeout = setTimeout(() => holder.child.kill("SIGKILL"), startTimeoutMs);
    const isReady = await Promise.race([
      once(holder.child.stdout, "data").then(() => true),
      holder.ended.then(() => false),
    ]);
    clearTimeout(timeout);
    if (!isReady) throw new Error(`cannot boot node "${this.name}": ${await holder.ended}: ${holder.logTail()}`);
    const pid = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim());
    this.#boot = { id, holder, pid };
    await hub.attach(this.#options, pid);
  }

  #argvOf(name: NodeDaemon): readonly string[] {
    if (name === "containerd") return ["containerd"];
    return [
      "kubelet",
      "--config=/etc/kubernetes/kubelet.json",
      `--kubeconfig=${kubeletKubeconfigPath}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${this.address}`,
      "--v=1",
    ];
  }

  async #waitForContainerd(daemon: Daemon): Promise<void> {
    await waitUntil(`containerd of ${this.name}`, async () => {
      if (!daemon.isRunning) throw new Error(`cannot start ${daemon.name}: ${await daemon.ended}\n${daemon.logTail()}`);
      const { status } = await this.ctr(["version"], { allowFailure: true, timeoutMs: 5_000 });
      return status === 0 ? true : undefined;
    });
  }
}
