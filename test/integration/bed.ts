// A private world for the built plugin: one mount and one network namespace of its own, held by a child, with its own /run
// (so the agent's socket and the runtime's namespaces are its own), /var/lib, /var/log and /etc/cni, so that no call reads the
// machine's policy or writes its log. When the child ends, all of it is gone.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const layerOverEtc = "mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/.etc/upper,workdir=/run/.etc/work /etc";

const binary = fileURLToPath(new URL("../../dist/mqtap", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface NetworkLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly qdisc: string;
  readonly flags: readonly string[];
  readonly ifalias?: string;
  readonly master?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: Readonly<Record<string, unknown>> };
}

export class Bed implements AsyncDisposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** @throws when dist/mqtap was not built, or the caller is not root. */
  static async open(): Promise<Bed> {
    accessSync(binary);
    const setUp = [
      "mount -t tmpfs tmpfs /run",
      "mount -t tmpfs tmpfs /var/lib",
      "mount -t tmpfs tmpfs /var/log",
      // A machine without /etc/cni must not get one: it appears in a layer over /etc.
      `{ test -d /etc/cni || { mkdir -p /run/.etc/upper/cni /run/.etc/work && ${layerOverEtc}; }; }`,
      "mount -t tmpfs tmpfs /etc/cni",
      "mkdir -m 0700 /run/mqtap",
      "mkdir /run/netns /run/bin /var/lib/mqtap",
      "ip link set lo up",
      "echo ready",
      // Ends with its stdin, so also when the test is killed.
      "exec cat",
    ].join(" && ");
    const unshare = ["--mount", "--net", "--propagation", "private", "sh", "-c", setUp];
    const holder = spawn("unshare", unshare, { stdio: ["pipe", "pipe", "inherit"] });
    const [line] = await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]);
    if (String(line) !== "ready\n") throw new Error(`cannot open a private namespace for the plugin: ${String(line)}`);
    const bed = new Bed(holder);
    copyFileSync(binary, bed.path("/run/bin/mqtap"));
    return bed;
  }

  /** A path inside, as seen from outside. */
  path(inside: string): string {
    return `/proc/${this.#holder.pid}/root${inside}`;
  }

  write(inside: string, content: string): void {
    mkdirSync(this.path(inside.slice(0, inside.lastIndexOf("/"))), { recursive: true });
    writeFileSync(this.path(inside), content);
  }

  /** The argv that runs `argv` inside, in the plugin's own network namespace. */
  enter(argv: readonly string[]): readonly string[] {
    return ["nsenter", "-t", String(this.#holder.pid), "-m", "-n", ...argv];
  }

  /** Runs a program inside, in the plugin's own network namespace. */
  async run(
    argv: readonly string[],
    options: { env?: NodeJS.ProcessEnv; stdin?: string | Uint8Array } = {},
  ): Promise<Finished> {
    const [program = "", ...words] = this.enter(argv);
    const child = spawn(program, words, {
      env: { PATH: process.env["PATH"], ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => {
      stdout += data.toString();
    });
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString();
    });
    // The plugin may end without reading stdin.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    const [status] = await once(child, "close");
    return { status: typeof status === "number" ? status : null, stdout, stderr };
  }

  /** Runs a program that must succeed, and returns its stdout. */
  async must(...argv: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(argv);
    if (status !== 0) throw new Error(`cannot run ${argv.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** A new pod's network namespace; returns its path. */
  async addNamespace(name: string): Promise<string> {
    await this.must("ip", "netns", "add", name);
    return `/run/netns/${name}`;
  }

  /** The links of a namespace as `ip -d -j link` tells them. */
  async links(namespace: string): Promise<readonly NetworkLink[]> {
    return JSON.parse(await this.must("ip", "-n", namespace, "-d", "-j", "link"));
  }

  async link(namespace: string, name: string): Promise<NetworkLink | undefined> {
    return (await this.links(namespace)).find(({ ifname }) => ifname === name);
  }

  /** uid and gid of a tap as numbers (`ip` would print their names); "-1" is nobody. */
  async ownership(namespace: string, name: string): Promise<readonly [owner: string, group: string]> {
    const folder = `/sys/class/net/${name}`;
    const text = await this.must("ip", "netns", "exec", namespace, "cat", `${folder}/owner`, `${folder}/group`);
    const [owner = "", group = ""] = text.split("\n");
    return [owner, group];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const ended = once(this.#holder, "exit");
    this.#holder.kill("SIGKILL");
    await ended;
  }
}
