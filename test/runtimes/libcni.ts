// libcni, the library in which every runtime calls plugins, through its own command-line tool: in a private node (a Bed) that
// has cnitool, the CNI project's plugins and mqtap in one directory. libcni keeps its cache of results in the node's /var/lib/cni.

import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { type CnitoolVerb, cnitoolEnvironment } from "../../deploy/local/cnitool.ts";
import { layoutOfCheckout } from "../../deploy/local/story/layout.ts";
import type { NetworkConfigurationList } from "../../deploy/local/story/networks.ts";
import { Bed, type Finished } from "../integration/bed.ts";

/** Where the node keeps its plugins, CNI_PATH. */
const pluginDirectory = "/run/bin";
const configDirectory = "/run/net.d";

/** One pod's interface in one network. */
export interface ChainTarget {
  readonly network: string;
  readonly netns: string;
  readonly ifName?: string;
  readonly podName?: string;
}

/** A private node with `programs` of the test bed beside mqtap. */
export async function openNode(programs: readonly string[]): Promise<Bed> {
  const { binDir } = layoutOfCheckout();
  const bed = await Bed.open();
  for (const program of ["cnitool", ...programs]) {
    copyFileSync(join(binDir, program), bed.path(join(pluginDirectory, program)));
  }
  return bed;
}

/** Writes a network configuration list where libcni finds it. */
export function configure(bed: Bed, list: NetworkConfigurationList): void {
  bed.write(join(configDirectory, `${list.name}.conflist`), JSON.stringify(list));
}

/** Runs one verb for all plugins of the list, as a runtime would for a pod. */
function callChain(bed: Bed, verb: CnitoolVerb, target: ChainTarget): Promise<Finished> {
  const { network, netns, ifName = "eth0", podName = "virt-launcher-vm-abcde" } = target;
  const env = cnitoolEnvironment(
    { pluginDirectories: [pluginDirectory], configDirectory },
    { network, netns, ifName, pod: { namespace: "default", name: podName, uid: "11-22" } },
  );
  return bed.run([join(pluginDirectory, "cnitool"), verb, network, netns], { env });
}

/** A verb that must succeed. */
export async function succeedChain(bed: Bed, verb: CnitoolVerb, target: ChainTarget): Promise<string> {
  const { status, stdout, stderr } = await callChain(bed, verb, target);
  assert.equal(status, 0, `cnitool ${verb} ${target.network} failed: ${stdout}${stderr}`);
  return stdout;
}

/** An ADD that must succeed; gives the list's result. */
export async function addChain(bed: Bed, target: ChainTarget): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await succeedChain(bed, "add", target));
}

/** A verb that must fail; gives what libcni said. */
export async function failChain(bed: Bed, verb: CnitoolVerb, target: ChainTarget): Promise<string> {
  const { status, stdout, stderr } = await callChain(bed, verb, target);
  assert.notEqual(status, 0, `cnitool ${verb} ${target.network} succeeded: ${stdout}`);
  return stdout + stderr;
}
