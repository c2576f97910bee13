// The little cluster of the demo and of the end-to-end tests: an embedded control plane with mqtap's API in it, and nodes
// that are mount namespaces. Everything lies in one directory; whatever is started stops with the cluster.
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type ControlPlane, startControlPlane } from "../control-plane.ts";
import type { Daemon } from "../daemon.ts";
import { type DemoNode, startDemoNode } from "../demo-node.ts";
import { install } from "./install.ts";
import type { Layout } from "./layout.ts";
import { chainedNetwork, type NetworkConfigurationList, writeNetworks } from "./networks.ts";
import { type AgentOptions, startAgent, startController } from "./operator-processes.ts";
import { networkNames } from "./vms.ts";

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly layout: Layout;
  readonly nodes: readonly { readonly name: string; readonly hasTuntapSysctl: boolean }[];
  /** Networks beside those of the story. */
  readonly networks?: readonly NetworkConfigurationList[];
  /** Hears each command of the installation and its answer. */
  readonly told?: (args: readonly string[], answer: string) => void;
  readonly log?: (line: string) => void;
}

/** A running cluster, still without operator. */
export class Cluster implements AsyncDisposable {
  readonly layout: Layout;
  readonly directory: string;
  readonly networksDirectory: string;
  readonly controlPlane: ControlPlane;
  readonly #nodes: ReadonlyMap<string, DemoNode>;
  readonly #resources: AsyncDisposableStack;
  readonly #daemons: Daemon[] = [];

  private constructor(parts: {
    readonly layout: Layout;
    readonly directory: string;
    readonly networksDirectory: string;
    readonly controlPlane: ControlPlane;
    readonly nodes: ReadonlyMap<string, DemoNode>;
    readonly resources: AsyncDisposableStack;
  }) {
    this.layout = parts.layout;
    this.directory = parts.directory;
    this.networksDirectory = parts.networksDirectory;
    this.controlPlane = parts.controlPlane;
    this.#nodes = parts.nodes;
    this.#resources = parts.resources;
  }

  /** Starts control plane and nodes, and installs mqtap's API. What was started is stopped again when something fails. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { layout } = options;
    await using starting = new AsyncDisposableStack();
    const directory = starting.adopt(mkdtempSync(path.join(tmpdir(), "mqtap-cluster-")), (made) =>
      rmSync(made, { recursive: true, force: true }),
    );
    const controlPlaneDirectory = path.join(directory, "control-plane");
    const networksDirectory = path.join(directory, "net.d");
    mkdirSync(controlPlaneDirectory);
    const networks = networkNames.map((name, index) => chainedNetwork(name, index));
    await writeNetworks(networksDirectory, [...networks, ...(options.networks ?? [])]);
    const controlPlane = starting.use(
      await startControlPlane({
        binDir: layout.binDir,
        directory: controlPlaneDirectory,
        ...(options.log === undefined ? {} : { log: options.log }),
      }),
    );
    await install(
      layout,
      controlPlane,
      options.nodes.map(({ name }) => name),
      options.told,
    );
    const nodes = new Map<string, DemoNode>();
    const keepVisible = [path.dirname(realpathSync(path.join(layout.binDir, "cnitool")))];
    for (const { name, hasTuntapSysctl } of options.nodes) {
      nodes.set(
        name,
        starting.use(
          await startDemoNode({ name, hasTuntapSysctl, directory: path.join(directory, name), keepVisible }),
        ),
      );
    }
    const resources = starting.move();
    return new Cluster({ layout, directory, networksDirectory, controlPlane, nodes, resources });
  }

  /** @throws RangeError for a node that was not asked for. */
  node(name: string): DemoNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`there is no node "${name}"`);
    return node;
  }

  get nodeNames(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** The last lines of what each process of the operator logged, for whoever has to find out what went wrong. */
  logTails(): readonly string[] {
    return this.#daemons.flatMap((daemon) => [`--- ${daemon.name} (pid ${daemon.pid})`, daemon.logTail(8)]);
  }

  /** A controller that stops with the cluster, if not before. */
  async startController(identity: string, flags: readonly string[] = []): Promise<Daemon> {
    const { layout, controlPlane, directory } = this;
    return this.#own(await startController(layout, controlPlane, { identity, directory, flags }));
  }

  /** The agent of a node; stops with the cluster, if not before. */
  async startAgent(node: string, options: Omit<AgentOptions, "directory"> = {}): Promise<Daemon> {
    const { layout, controlPlane, directory } = this;
    return this.#own(await startAgent(layout, controlPlane, this.node(node), { directory, ...options }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }

  #own(daemon: Daemon): Daemon {
    this.#daemons.push(daemon);
    return this.#resources.use(daemon);
  }
}
