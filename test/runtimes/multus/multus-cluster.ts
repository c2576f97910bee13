// Multus itself, called as a container runtime calls it, on a node of the end-to-end tests' cluster with the real agent: pods
// and networks are objects of a real API server, and the plugins are executed by Multus.
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { CommandResult } from "../../../deploy/local/command.ts";
import type { Daemon } from "../../../deploy/local/daemon.ts";
import type { DemoNode } from "../../../deploy/local/demo-node.ts";
import { multusAccount, multusManifests, networkManifest } from "../../../deploy/local/multus.ts";
import { serviceAccountKubeconfig } from "../../../deploy/local/nodes.ts";
import type { Cluster } from "../../../deploy/local/story/cluster.ts";
import type { Manifest } from "../../../deploy/local/story/virtual-machine.ts";
import { applyConfig, startOperatedCluster, stock, waitForProfile } from "../../e2e/operated-cluster.ts";
import type { NetworkLink } from "../../integration/bed.ts";
import { startApiRelay } from "./api-relay.ts";

/** A pod object and its sandbox. */
export interface Sandbox {
  readonly name: string;
  readonly uid: string;
  readonly netns: string;
  readonly containerId: string;
}

/** What a runtime may ask of Multus. */
export type MultusVerb = "ADD" | "DEL" | "CHECK" | "STATUS";

/** One network that a pod asks for, as its annotation has it. */
export interface NetworkSelection {
  readonly name: string;
  readonly interface?: string;
  readonly mac?: string;
  readonly ips?: readonly string[];
  readonly "cni-args"?: Readonly<Record<string, unknown>>;
}

const annotatedSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});
const statusSchema = z.array(
  z.object({
    name: z.string(),
    interface: z.string().optional(),
    mac: z.string().optional(),
    mtu: z.int().optional(),
    ips: z.array(z.string()).optional(),
    default: z.boolean().optional(),
  }),
);

/** An entry of the annotation network-status. */
export type NetworkStatus = Readonly<z.output<typeof statusSchema>[number]>;

/** The pods' default network: in a chain for every pod of the node, virtual machine's or not. */
const defaultNetwork = {
  cniVersion: "1.1.0",
  name: "default",
  plugins: [
    { type: "ptp", ipam: { type: "host-local", ranges: [[{ subnet: "10.90.0.0/24" }]] } },
    { type: "mqtap", sizing: "vm" },
  ],
};

export class MultusCluster implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly node: DemoNode;
  readonly pluginDirectory: string;
  readonly #kubeconfig: string;
  readonly #agent: Daemon | undefined;
  readonly #resources: AsyncDisposableStack;

  private constructor(parts: {
    readonly cluster: Cluster;
    readonly node: DemoNode;
    readonly pluginDirectory: string;
    readonly kubeconfig: string;
    readonly agent: Daemon | undefined;
    readonly resources: AsyncDisposableStack;
  }) {
    this.cluster = parts.cluster;
    this.node = parts.node;
    this.pluginDirectory = parts.pluginDirectory;
    this.#kubeconfig = parts.kubeconfig;
    this.#agent = parts.agent;
    this.#resources = parts.resources;
  }

  /** A cluster whose nodes allow four queues, with Multus and its plugins on one of them. */
  static async start(): Promise<MultusCluster> {
    await using starting = new AsyncDisposableStack();
    const { cluster, agents } = await startOperatedCluster();
    starting.use(cluster);
    const { controlPlane, layout } = cluster;
    const node = cluster.node(stock);
    const pluginDirectory = path.join(cluster.directory, "cni-bin");
    mkdirSync(pluginDirectory);
    for (const program of ["multus", "bridge", "ptp", "host-local", "static"]) {
      copyFileSync(path.join(layout.binDir, program), path.join(pluginDirectory, program));
    }
    copyFileSync(path.join(layout.distDir, "mqtap"), path.join(pluginDirectory, "mqtap"));
    await create(cluster, ...multusManifests);
    await controlPlane.kubectl(["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
    const kubeconfig = await serviceAccountKubeconfig(controlPlane, multusAccount);
    starting.use(await startApiRelay(node, controlPlane.server));
    await applyConfig(cluster, "four", { tuntap: { maxQueues: 4 } });
    await waitForProfile(cluster, stock, "limit 4", ({ status }) => status.tuntap?.maxQueues === 4);
    const resources = starting.move();
    return new MultusCluster({ cluster, node, pluginDirectory, kubeconfig, agent: agents.get(stock), resources });
  }

  /** Creates NetworkAttachmentDefinitions: name -> CNI configuration. */
  async createNetworks(networks: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<void> {
    await create(this.cluster, ...Object.entries(networks).map(([name, config]) => networkManifest(name, config)));
  }

  /** Creates the pod object with its networks in the annotation, and a sandbox for it. */
  async startPod(manifest: Manifest, networks: readonly NetworkSelection[]): Promise<Sandbox> {
    const annotations = {
      ...Object(manifest.metadata["annotations"]),
      ...(networks.length === 0 ? {} : { "k8s.v1.cni.cncf.io/networks": JSON.stringify(networks) }),
    };
    const pod = { ...manifest, metadata: { ...manifest.metadata, annotations } };
    const [uid = ""] = await create(this.cluster, pod);
    const { name } = manifest.metadata;
    return { name, uid, netns: await this.node.addPodNetns(name), containerId: randomBytes(32).toString("hex") };
  }

  /** Runs Multus with the variables and the configuration that a runtime gives it. */
  call(verb: MultusVerb, sandbox: Sandbox): Promise<CommandResult> {
    const { name, uid, netns, containerId } = sandbox;
    return this.node.run([path.join(this.pluginDirectory, "multus")], {
      allowFailure: true,
      stdin: JSON.stringify({
        cniVersion: "1.1.0",
        name: "multus-cni-network",
        type: "multus",
        binDir: this.pluginDirectory,
        kubeconfig: this.#kubeconfig,
        delegates: [defaultNetwork],
      }),
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        CNI_COMMAND: verb,
        CNI_CONTAINERID: containerId,
        CNI_NETNS: netns,
        CNI_IFNAME: "eth0",
        CNI_PATH: this.pluginDirectory,
        CNI_ARGS: [
          `K8S_POD_INFRA_CONTAINER_ID=${containerId}`,
          `K8S_POD_UID=${uid}`,
          "IgnoreUnknown=1",
          "K8S_POD_NAMESPACE=default",
          `K8S_POD_NAME=${name}`,
        ].join(";"),
      },
    });
  }

  /** What Multus wrote about the pod's networks, the default network apart. */
  async networkStatus(sandbox: Sandbox): Promise<readonly NetworkStatus[]> {
    const text = await this.cluster.controlPlane.kubectl(["get", "pod", sandbox.name, "-o", "json"]);
    const { annotations } = annotatedSchema.parse(JSON.parse(text)).metadata;
    const status = JSON.parse(annotations["k8s.v1.cni.cncf.io/network-status"] ?? "[]");
    return statusSchema.parse(status).filter(({ default: isDefault }) => isDefault !== true);
  }

  /** The links of the sandbox as `ip -d -j link` tells them. */
  async links(sandbox: Sandbox): Promise<readonly NetworkLink[]> {
    return JSON.parse((await this.node.run(["ip", "-n", sandbox.name, "-d", "-j", "link"])).stdout);
  }

  /** The node has no agent any more. */
  async stopAgent(): Promise<void> {
    await this.#agent?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** kubectl create; gives the objects' uids. */
async function create(cluster: Cluster, ...manifests: readonly Manifest[]): Promise<readonly string[]> {
  const list = { apiVersion: "v1", kind: "List", items: manifests };
  const argv = ["create", "-f", "-", '--output=jsonpath={.metadata.uid}{"\\n"}'];
  const said = await cluster.controlPlane.kubectl(argv, { stdin: JSON.stringify(list) });
  return said.trim().split("\n");
}
