// What most end-to-end tests begin with: the demo's cluster with controller and agents, and the questions tests ask of it.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { NodeNetworkConfig } from "../../crds/node-network-config.ts";
import type { NodeNetworkProfile } from "../../crds/node-network-profile.ts";
import type { Daemon } from "../../deploy/local/daemon.ts";
import { Cluster, type ClusterOptions } from "../../deploy/local/story/cluster.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import { readConfig, readProfile } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";

export const withSysctl = "node-1";
export const stock = "node-2";

/** Looks for drift several times a second, so that tests need not wait a minute. */
export const quickDrift = "--drift-interval=300ms";

/** A cluster of one node with the tuntap sysctl and one without; no operator yet. */
export function startCluster(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  return Cluster.start({
    layout: layoutOfCheckout(),
    nodes: [
      { name: withSysctl, hasTuntapSysctl: true },
      { name: stock, hasTuntapSysctl: false },
    ],
    ...options,
  });
}

/** The same with a controller and an agent on each node. */
export async function startOperatedCluster(
  options: Partial<ClusterOptions> = {},
): Promise<{ readonly cluster: Cluster; readonly controller: Daemon; readonly agents: ReadonlyMap<string, Daemon> }> {
  const cluster = await startCluster(options);
  const controller = await cluster.startController("controller-a");
  const agents = new Map<string, Daemon>();
  for (const node of cluster.nodeNames) {
    agents.set(node, await cluster.startAgent(node, { flags: [quickDrift] }));
  }
  return { cluster, controller, agents };
}

/** A config as a person would write it. */
export interface ConfigSpec {
  readonly nodeSelector?: object;
  readonly [field: string]: unknown;
}

/** kubectl apply of a NodeNetworkConfig; selects all nodes unless told. */
export async function applyConfig(cluster: Cluster, name: string, spec: ConfigSpec): Promise<void> {
  const config = {
    apiVersion: "mqtap.io/v1alpha1",
    kind: "NodeNetworkConfig",
    metadata: { name },
    spec: { nodeSelector: {}, ...spec },
  };
  await cluster.controlPlane.kubectl(["apply", "-f", "-"], { stdin: JSON.stringify(config) });
}

/** Deletes the configs and waits until no node has a limit or a sysctl any more. */
export async function deleteConfigs(cluster: Cluster): Promise<void> {
  await cluster.controlPlane.kubectl(["delete", "mqc", "--all"]);
  for (const node of cluster.nodeNames) {
    await waitForProfile(cluster, node, "an empty profile", ({ spec }) => spec.sources.length === 0);
  }
}

/** Waits until the agent has answered the profile as it stands and it is as wanted. */
export function waitForProfile(
  cluster: Cluster,
  node: string,
  awaited: string,
  isAsWanted: (profile: NodeNetworkProfile) => boolean,
): Promise<NodeNetworkProfile> {
  let last: NodeNetworkProfile | undefined;
  return waitUntil(
    `${awaited} on ${node}`,
    async () => {
      last = await readProfile(cluster.controlPlane, node);
      const isAnswered = last?.status.observedGeneration === last?.metadata.generation;
      return last !== undefined && isAnswered && isAsWanted(last) ? last : undefined;
    },
    { seen: () => JSON.stringify({ spec: last?.spec, status: last?.status }) + cluster.logTails().join("\n") },
  );
}

/** Waits until the config's status is as wanted. */
export function waitForConfig(
  cluster: Cluster,
  name: string,
  awaited: string,
  isAsWanted: (status: NonNullable<NodeNetworkConfig["status"]>) => boolean,
): Promise<NonNullable<NodeNetworkConfig["status"]>> {
  let last: NodeNetworkConfig | undefined;
  return waitUntil(
    `${awaited} in config "${name}"`,
    async () => {
      last = await readConfig(cluster.controlPlane, name);
      return last?.status !== undefined && isAsWanted(last.status) ? last.status : undefined;
    },
    { seen: () => JSON.stringify(last?.status) + cluster.logTails().join("\n") },
  );
}

interface WithConditions {
  readonly conditions?:
    | readonly { readonly type: string; readonly status: string; readonly reason: string; readonly message: string }[]
    | undefined;
}

/** "True AllNodesReady", or "absent". */
export function conditionOf({ conditions }: WithConditions, type: string): string {
  const condition = conditions?.find((candidate) => candidate.type === type);
  return condition === undefined ? "absent" : `${condition.status} ${condition.reason}`;
}

export function messageOf({ conditions }: WithConditions, type: string): string {
  return conditions?.find((candidate) => candidate.type === type)?.message ?? "";
}

/** Path of a node's file that stands for a sysctl. */
export function sysctlFile(cluster: Cluster, node: string, name = "net/tuntap/max_queues"): string {
  return path.join(cluster.node(node).sysctlRoot, name);
}

/** Its value now. */
export async function readSysctl(cluster: Cluster, node: string, name?: string): Promise<string> {
  return (await readFile(sysctlFile(cluster, node, name), "utf8")).trim();
}

/** Another hand on the node: writes as `sysctl -w` does. */
export async function writeSysctl(cluster: Cluster, node: string, value: string, name?: string): Promise<void> {
  await writeFile(sysctlFile(cluster, node, name), `${value}\n`);
}

/** Waits until the node's sysctl has this value. */
export async function waitForSysctl(cluster: Cluster, node: string, value: string, name?: string): Promise<void> {
  let last = "";
  await waitUntil(
    `${name ?? "net/tuntap/max_queues"} of ${node} to be ${value}`,
    async () => {
      last = await readSysctl(cluster, node, name);
      return last === value ? true : undefined;
    },
    { seen: () => last + cluster.logTails().join("\n") },
  );
}
