// Invokes CNI plugins as a runtime does: through libcni, by its own command-line tool, inside a demo node, with the
// arguments that containerd gives for a pod. libcni keeps its cache of results in the node's own /var/lib/cni.
import { createHash } from "node:crypto";
import type { CommandOptions, CommandResult } from "./command.ts";
import type { DemoNode } from "./demo-node.ts";

/** The pod an attachment is made for. */
export interface CniPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** One attachment: a network by its name in `configDirectory`, a pod's network namespace, an interface name. */
export interface CniAttachment {
  readonly network: string;
  readonly netns: string;
  readonly ifName: string;
  readonly pod: CniPod;
}

/** How to reach the plugins. */
export interface CnitoolOptions {
  readonly node: DemoNode;
  /** The directory that holds cnitool. */
  readonly binDir: string;
  /** Where plugins are searched (CNI_PATH), in order. */
  readonly pluginDirectories: readonly string[];
  /** Where the network configuration lists are (NETCONFPATH). */
  readonly configDirectory: string;
}

/** The verbs cnitool knows. */
export type CnitoolVerb = "add" | "check" | "del" | "gc" | "status";

/**
 * Runs one verb in the node and gives what cnitool wrote: on `add` the result as JSON on stdout.
 * @throws CommandError with the plugin's message when it fails
 */
export async function runCnitool(
  options: CnitoolOptions,
  verb: CnitoolVerb,
  attachment: CniAttachment,
  commandOptions: Pick<CommandOptions, "allowFailure" | "timeoutMs"> = {},
): Promise<CommandResult> {
  const argv = [`${options.binDir}/cnitool`, verb, attachment.network, attachment.netns];
  return options.node.run(argv, { ...commandOptions, env: cnitoolEnvironment(options, attachment) });
}

/** The environment of one call; nothing of the caller's own is handed on. */
export function cnitoolEnvironment(
  { pluginDirectories, configDirectory }: Pick<CnitoolOptions, "pluginDirectories" | "configDirectory">,
  { pod, netns, ifName }: CniAttachment,
): Record<string, string> {
  return {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    CNI_PATH: pluginDirectories.join(":"),
    NETCONFPATH: configDirectory,
    CNI_IFNAME: ifName,
    CNI_ARGS: [
      "IgnoreUnknown=1",
      `K8S_POD_NAMESPACE=${pod.namespace}`,
      `K8S_POD_NAME=${pod.name}`,
      `K8S_POD_INFRA_CONTAINER_ID=${containerIdOf(netns)}`,
      `K8S_POD_UID=${pod.uid}`,
    ].join(";"),
  };
}

/** The CNI_CONTAINERID that cnitool gives to plugins: it knows no sandbox and takes a hash of the namespace's path. */
export function containerIdOf(netns: string): string {
  return `cnitool-${createHash("sha512").update(netns).digest("hex").slice(0, 20)}`;
}
