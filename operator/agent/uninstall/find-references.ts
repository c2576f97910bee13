// What still needs the plugin on this node: a tap that it made, a configuration of the runtime, a network of the cluster.
// Whatever cannot be looked at counts as needing it.

import { join } from "node:path";
import { listAll } from "../../kube/list-pages.ts";
import { describeError } from "../../kube/log.ts";
import { isRecord, parseObjectMeta } from "../../kube/object-meta.ts";
import { resourcePath } from "../../kube/resource-path.ts";
import { isNotFound, type KubeTransport } from "../../kube/transport.ts";
import type { Disk } from "../install/disk.ts";
import { InventoryError, type TakeInventory } from "../inventory.ts";
import type { Problem } from "../reasons.ts";
import { namesPlugin } from "./names-plugin.ts";

export interface References {
  readonly disk: Pick<Disk, "look" | "list" | "readText">;
  readonly take: TakeInventory;
  /** Where `take` finds network namespaces: one of them must be there. */
  readonly netnsDirs: readonly string[];
  readonly confDirs: readonly string[];
  readonly transport: KubeTransport;
  readonly shown: (path: string) => string;
  readonly signal: AbortSignal;
}

/** The first thing that keeps the plugin. @throws what the disk throws. */
export async function findReference(references: References): Promise<Problem | undefined> {
  return (
    (await tapsOf(references)) ?? (await configurationsOf(references)) ?? (await networksOf(references)) ?? undefined
  );
}

async function tapsOf({ disk, take, netnsDirs, signal }: References): Promise<Problem | undefined> {
  const looks = await Promise.all(netnsDirs.map((directory) => disk.look(directory)));
  if (!looks.some(({ kind }) => kind === "directory")) {
    const message = `cannot look for taps: there is no ${netnsDirs.join(" nor ")} in the agent's container: mount it with HostToContainer`;
    return { reason: "InspectionFailed", message };
  }
  try {
    const { taps, failures } = await take(signal);
    const ours = taps.filter(({ mark }) => mark !== undefined && mark.mode !== "adopted");
    if (ours.length > 0) {
      const message =
        `the plugin stays, since pods have taps of it (${listOf(ours.map(({ netns, name }) => `${name} in ${netns}`))}) ` +
        "and their deletion needs it: stop or migrate these VMs";
      return { reason: "TapsPresent", message };
    }
    if (failures.length === 0) return undefined;
    const message =
      `cannot look for taps everywhere (${listOf(failures.map(({ netns, why }) => `${netns}: ${why}`))}): remove what is ` +
      "no network namespace there";
    return { reason: "InspectionFailed", message };
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    return { reason: "InspectionFailed", message: error.message };
  }
}

async function configurationsOf({ disk, confDirs, shown }: References): Promise<Problem | undefined> {
  const naming: string[] = [];
  let read = 0;
  for (const directory of confDirs) {
    try {
      const names = (await disk.list(directory)).filter((name) => /\.(conf|conflist|json)$/.test(name));
      for (const path of names.map((name) => join(directory, name))) {
        read += 1;
        if (namesPlugin(await disk.readText(path))) naming.push(shown(path));
      }
    } catch (error) {
      const message = `cannot look for CNI configurations in ${shown(directory)}: ${describeError(error)}: mount it, or name the right one with --cni-conf-dirs`;
      return { reason: "ConfigurationsUnreadable", message };
    }
  }
  if (naming.length > 0) {
    const message = `the plugin stays, since this node's CNI configuration names it (${listOf(naming)}): take mqtap out of it`;
    return { reason: "ConfigurationsRefer", message };
  }
  if (read > 0) return undefined;
  // Every node that runs pods has one.
  const message = `there is no CNI configuration in ${confDirs.map(shown).join(", ")}: name the runtime's directory with --cni-conf-dirs`;
  return { reason: "ConfigurationsUnreadable", message };
}

const networkDefinitions = resourcePath({
  group: "k8s.cni.cncf.io",
  version: "v1",
  plural: "network-attachment-definitions",
});

async function networksOf({ transport, signal }: References): Promise<Problem | undefined> {
  try {
    const { items } = await listAll({ transport, path: networkDefinitions, signal, project: namingNetwork });
    const naming = items.filter((name) => name !== undefined);
    if (naming.length === 0) return undefined;
    const message =
      `the plugin stays, since NetworkAttachmentDefinitions name it (${listOf(naming)}): delete them, or take mqtap out of ` +
      "their spec.config";
    return { reason: "NetworksRefer", message };
  } catch (error) {
    // A cluster without Multus has none.
    if (isNotFound(error)) return undefined;
    const message =
      `the plugin stays, since it is not known whether a NetworkAttachmentDefinition names it: ${describeError(error)}. The ` +
      "agent may list them where deploy/overlays/uninstall is applied";
    return { reason: "NetworksUnreadable", message };
  }
}

/** "namespace/name" of one that has mqtap run. */
function namingNetwork(object: unknown): string | undefined {
  const spec = isRecord(object) ? object["spec"] : undefined;
  const config = isRecord(spec) ? spec["config"] : undefined;
  if (typeof config !== "string" || !namesPlugin(config)) return undefined;
  const { namespace, name } = parseObjectMeta(object);
  return `${namespace ?? "default"}/${name}`;
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
