// The bed with mqtap on it as an administrator puts it there: images on the nodes, KubeVirt's own kinds in the API,
// `kubectl apply -k`, and mqtap last in the chain of the pods' default network.
import path from "node:path";
import { runCommand } from "../../command.ts";
import type { Layout } from "../../story/layout.ts";
import { readProfile } from "../../story/observe.ts";
import { waitUntil } from "../../story/wait-until.ts";
import type { Bed } from "../bed.ts";
import type { ChainedPlugins } from "../node-config.ts";
import { type BedOptions, startBed } from "../start-bed.ts";
import { releaseOf } from "./release.ts";

/** mqtap in a chain for all pods of a node. */
export const chainedPlugin: ChainedPlugins = [{ type: "mqtap", sizing: "vm" }];

/** Every pod of mqtap. */
const namespace = "mqtap-system";
const installTimeoutMs = 180_000;

/** The name by which pods find one of the images. */
export function imageName(layout: Layout, name: "mqtap-controller" | "mqtap-agent" | "mqtap-hook"): string {
  return `${name}:${releaseOf(layout).version}`;
}

/** A bed whose nodes have mqtap's images and whose API has KubeVirt's kinds, with nothing of mqtap installed. */
export async function startKubevirtBed(options: BedOptions): Promise<Bed> {
  const { layout } = options;
  const bed = await startBed({ ...options, images: options.images ?? releaseOf(layout).images });
  try {
    const { stdout: kinds } = await runCommand([path.join(layout.binDir, "kubevirt-crds")]);
    await bed.kubectl(["create", "-f", "-"], { stdin: kinds, timeoutMs: 120_000 });
    return bed;
  } catch (error) {
    await bed[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same with mqtap installed and in the chain of the pods' network. */
export async function startInstalledBed(options: BedOptions): Promise<Bed> {
  const bed = await startKubevirtBed(options);
  try {
    await bed.kubectl(["apply", "-k", options.layout.overlay]);
    await waitUntilInstalled(bed);
    await bed.setDefaultNetwork(options.chained ?? chainedPlugin);
    return bed;
  } catch (error) {
    const seen = `${await describeInstallation(bed)}\n${bed.logTails().join("\n")}`;
    await bed[Symbol.asyncDispose]();
    throw new Error(`cannot install mqtap on the bed: ${error instanceof Error ? error.message : error}\n${seen}`, {
      cause: error,
    });
  }
}

/** Waits until controllers and agents are Ready and every node says that the plugin is there. @throws Error */
export async function waitUntilInstalled(bed: Bed): Promise<void> {
  for (const workload of ["deployment/mqtap-controller", "daemonset/mqtap-agent"]) {
    const wait = ["rollout", "status", "--namespace", namespace, "--timeout=170s", workload];
    await bed.kubectl(wait, { timeoutMs: installTimeoutMs });
  }
  for (const { name } of bed.nodes) {
    let seen = "no profile";
    await waitUntil(
      `the plugin on ${name}`,
      async () => {
        const profile = await readProfile(bed.controlPlane, name);
        seen = JSON.stringify(profile?.status);
        return profile?.status.conditions?.some(({ type, status }) => type === "PluginInstalled" && status === "True")
          ? true
          : undefined;
      },
      { seen: () => seen },
    );
  }
}

/** What an administrator would look at when the installation does not come up. */
export async function describeInstallation(bed: Bed): Promise<string> {
  const commands = [
    ["get", "mqp,pods", "--all-namespaces", "-o", "wide"],
    ["get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"],
    ["logs", "--namespace", namespace, "--selector=app.kubernetes.io/name=mqtap", "--prefix", "--tail=15"],
  ];
  const answers = commands.map((args) => bed.kubectl(args).catch((error: unknown) => String(error)));
  return (await Promise.all(answers)).join("\n");
}
