// The operator as it runs in a cluster: controller and agents as processes of their own, each with the identity and the
// rights it has there and nothing else in its environment.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { agentNodeFlags } from "../../images/image-definitions.ts";
import type { ControlPlane } from "../control-plane.ts";
import type { Daemon } from "../daemon.ts";
import { startDaemon } from "../daemon.ts";
import type { DemoNode } from "../demo-node.ts";
import { nodeBoundToken, serviceAccountKubeconfig } from "../nodes.ts";
import type { Layout } from "./layout.ts";

const namespace = "mqtap-system";
const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** Starts a controller; `identity` is what it writes into the Lease. */
export async function startController(
  layout: Layout,
  controlPlane: ControlPlane,
  options: { readonly identity: string; readonly directory: string; readonly flags?: readonly string[] },
): Promise<Daemon> {
  const kubeconfig = await serviceAccountKubeconfig(controlPlane, { namespace, serviceAccount: "mqtap-controller" });
  return startDaemon({
    name: options.identity,
    argv: [
      layout.node,
      path.join(layout.distDir, "controller.mjs"),
      `--kubeconfig=${kubeconfig}`,
      `--identity=${options.identity}`,
      ...(options.flags ?? []),
    ],
    env,
    logFile: path.join(options.directory, `${options.identity}.log`),
  });
}

/** How an agent is started. */
export interface AgentOptions {
  readonly directory: string;
  readonly flags?: readonly string[];
  /** An existing token; without it the API server is asked for one that is bound to the node. */
  readonly tokenFile?: string;
}

/** Where the token of a node's agent lies. */
export function tokenFileOf(directory: string, node: string): string {
  return path.join(directory, `${node}.token`);
}

/** Starts the agent of `node` inside it. */
export async function startAgent(
  layout: Layout,
  controlPlane: ControlPlane,
  node: DemoNode,
  options: AgentOptions,
): Promise<Daemon> {
  const tokenFile = options.tokenFile ?? tokenFileOf(options.directory, node.name);
  if (options.tokenFile === undefined) await renewAgentToken(controlPlane, options.directory, node.name);
  return node.spawn(
    [
      layout.node,
      ...agentNodeFlags,
      path.join(layout.distDir, "agent.mjs"),
      `--node-name=${node.name}`,
      `--api-server=${controlPlane.server}`,
      `--token-file=${tokenFile}`,
      `--ca-file=${controlPlane.caFile}`,
      `--sysctl-root=${node.sysctlRoot}`,
      `--plugin=${path.join(layout.distDir, "mqtap")}`,
      ...(options.flags ?? []),
    ],
    { name: `agent-${node.name}`, env, logFile: path.join(options.directory, `agent-${node.name}.log`) },
  );
}

/** Writes the token that the agent's pod on `node` would get, as a kubelet does it and does it again. */
export async function renewAgentToken(controlPlane: ControlPlane, directory: string, node: string): Promise<void> {
  const token = await nodeBoundToken(controlPlane, { namespace, serviceAccount: "mqtap-agent", node });
  await writeFile(tokenFileOf(directory, node), token, { mode: 0o600 });
}
