// A running bed of whole nodes: what tests and the demo do with it.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { ApiUser, ControlPlane } from "../control-plane.ts";
import { renderKubeconfig } from "../kubeconfig.ts";
import { multusAccount } from "../multus.ts";
import { serviceAccountToken } from "../nodes.ts";
import { waitUntil } from "../story/wait-until.ts";
import { nodeUser } from "./controllers.ts";
import { apiServerInside } from "./hub.ts";
import { writeDefaultNetwork, writeMultusKubeconfig } from "./multus-on-node.ts";
import type { BedNode } from "./node.ts";
import { type ChainedPlugins, caPath, defaultNetwork, kubeletKubeconfigPath } from "./node-config.ts";

const readyTimeoutMs = 120_000;

const nodeListSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ taints: z.array(z.object({ key: z.string() })).default([]) }),
      status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
    }),
  ),
});

export class Bed implements AsyncDisposable {
  readonly directory: string;
  /** kubectl, requests and kubeconfigs that work from outside. */
  readonly controlPlane: ControlPlane;
  readonly nodes: readonly BedNode[];
  readonly #resources: AsyncDisposableStack;

  constructor(parts: {
    readonly directory: string;
    readonly controlPlane: ControlPlane;
    readonly nodes: readonly BedNode[];
    readonly resources: AsyncDisposableStack;
  }) {
    this.directory = parts.directory;
    this.controlPlane = parts.controlPlane;
    this.nodes = parts.nodes;
    this.#resources = parts.resources;
  }

  /** @throws RangeError for a node that was not asked for */
  node(name: string): BedNode {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new RangeError(`there is no node "${name}"`);
    return node;
  }

  /** kubectl as administrator; gives its stdout. @throws CommandError */
  get kubectl(): ControlPlane["kubectl"] {
    return this.controlPlane.kubectl;
  }

  /** Lets the nodes' kubelets into the cluster; they are Ready when this settles. */
  async join(users: readonly ApiUser[], chained: ChainedPlugins): Promise<void> {
    const certificate = readFileSync(this.controlPlane.caFile, "utf8");
    const multusToken = await serviceAccountToken(this.controlPlane, multusAccount);
    await this.setDefaultNetwork(chained);
    await Promise.all(
      this.nodes.map(async (node) => {
        const token = users.find(({ name }) => name === nodeUser(node.name))?.token ?? "";
        const kubeconfig = renderKubeconfig({ server: apiServerInside, caFile: caPath, user: "kubelet", token });
        await node.writeFile(caPath, certificate);
        await node.writeFile(kubeletKubeconfigPath, kubeconfig, 0o600);
        await writeMultusKubeconfig(node, multusToken);
        await node.startDaemon("kubelet");
      }),
    );
    await this.waitUntilReady();
    await waitUntil("the service account of pods", async () => {
      const found = await this.kubectl(["get", "serviceaccount", "default", "--ignore-not-found", "-o", "name"]);
      return found === "" ? undefined : true;
    });
  }

  /** Waits until every node is Ready and takes pods. @throws Error when that takes too long */
  async waitUntilReady(): Promise<void> {
    let seen = "";
    await waitUntil(
      "the nodes to be Ready",
      async () => {
        seen = await this.kubectl(["get", "nodes", "-o", "json"]);
        const ready = nodeListSchema.parse(JSON.parse(seen)).items.filter(({ spec, status }) => {
          const isReady = status.conditions.some(({ type, status: value }) => type === "Ready" && value === "True");
          return isReady && spec.taints.length === 0;
        });
        return ready.length === this.nodes.length ? true : undefined;
      },
      { timeoutMs: readyTimeoutMs, intervalMs: 200, seen: () => seen },
    );
  }

  /** The pods' default network from the next pod on: the bridge, and these plugins behind it. */
  async setDefaultNetwork(chained: ChainedPlugins): Promise<void> {
    for (const node of this.nodes) await writeDefaultNetwork(node, defaultNetwork(node.podSubnet, chained));
  }

  /** The last lines of every daemon's log, for whoever has to find out what went wrong. */
  logTails(): readonly string[] {
    const programs = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
    const ofControlPlane = programs.flatMap((name) => {
      const file = path.join(this.controlPlane.directory, `${name}.log`);
      if (!existsSync(file)) return [];
      return [`--- ${name}`, ...readFileSync(file, "utf8").trimEnd().split("\n").slice(-8)];
    });
    return [...ofControlPlane, ...this.nodes.flatMap((node) => node.logTails())];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}
