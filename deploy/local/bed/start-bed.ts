// Starts the bed of whole nodes: etcd, kube-apiserver, kube-controller-manager and kube-scheduler in a network of their own, and
// nodes with kubelet, containerd and runc, Multus and the bridge plugin. Everything lies in one directory; whatever was started,
// its files and its cgroups are gone when the bed is stopped, and also when we are killed.
import { mkdirSync, mkdtempSync, realpathSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type ControlPlane, startControlPlane } from "../control-plane.ts";
import type { Layout } from "../story/layout.ts";
import { Bed } from "./bed.ts";
import { findHierarchies, makeNodeCgroups, type NodeCgroups, planNodeCgroups } from "./cgroups.ts";
import { clusterUsers, startControllers } from "./controllers.ts";
import { startHub } from "./hub.ts";
import { startJanitor } from "./janitor.ts";
import { installMultus } from "./multus-on-node.ts";
import { BedNode, type BedNodeOptions, type NodeProgram } from "./node.ts";
import type { ChainedPlugins } from "./node-config.ts";
import { writeBedImages } from "./test-images.ts";

/** What a bed is made of. */
export interface BedOptions {
  readonly layout: Layout;
  /** Default: node1, which has the sysctl net.tuntap.max_queues, and node2, which has not. Names of at most 15 characters. */
  readonly nodes?: readonly { readonly name: string; readonly hasTuntapSysctl: boolean }[];
  /** Image archives that every node gets beside the bed's own. */
  readonly images?: readonly string[];
  /** Plugins that the pods' default network has behind the bridge. */
  readonly chained?: ChainedPlugins;
  /** Hears what is being done. */
  readonly log?: (line: string) => void;
}

const cniPlugins = ["multus", "bridge", "host-local", "loopback", "static", "tuning", "ptp", "tap"];
const twoNodes = [
  { name: "node1", hasTuntapSysctl: true },
  { name: "node2", hasTuntapSysctl: false },
];

/** Starts it and waits until every node is Ready. Root only. What was started is stopped again when something fails. */
export async function startBed(options: BedOptions): Promise<Bed> {
  const { layout, log = () => {} } = options;
  const nodes = (options.nodes ?? twoNodes).map((node, position) => ({ ...node, index: position + 1 }));
  await using starting = new AsyncDisposableStack();
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), "mqtap-bed-")));
  const janitor = startJanitor(directory);
  starting.defer(() => janitor.finish());
  const hierarchies = findHierarchies();
  const cgroupsOf = new Map(
    nodes.map(({ name }) => [name, planNodeCgroups(hierarchies, `${path.basename(directory)}-${name}`)]),
  );
  janitor.remember([...cgroupsOf.values()].flatMap(({ folders }) => folders.map((folder) => folder.path)));

  const hub = starting.use(await startHub(directory, nodes));
  const images = [...writeBedImages(directory, path.join(layout.distDir, "bed")), ...(options.images ?? [])];
  const program = (name: NodeProgram): string => realpathSync(path.join(layout.binDir, name));
  const programs: BedNodeOptions["programs"] = {
    containerd: program("containerd"),
    "containerd-shim-runc-v2": program("containerd-shim-runc-v2"),
    ctr: program("ctr"),
    kubelet: program("kubelet"),
    pause: realpathSync(path.join(layout.distDir, "bed/pause")),
    runc: program("runc"),
  };
  const bootNode = async (node: (typeof nodes)[number], cgroups: NodeCgroups): Promise<BedNode> => {
    makeNodeCgroups(cgroups);
    const nodeDirectory = path.join(directory, node.name);
    const booted = starting.use(await BedNode.start({ ...node, directory: nodeDirectory, cgroups, hub, programs }));
    for (const archive of images) await booted.importImage(archive);
    for (const name of cniPlugins)
      await copyFile(path.join(layout.binDir, name), booted.onDisk(`/opt/cni/bin/${name}`));
    log(`${node.name} has booted`);
    return booted;
  };
  const users = clusterUsers(nodes.map(({ name }) => name));
  const serveApi = async (): Promise<ControlPlane> => {
    const ofControlPlane = path.join(directory, "control-plane");
    mkdirSync(ofControlPlane);
    const { binDir } = layout;
    const served = starting.use(
      await startControlPlane({ binDir, directory: ofControlPlane, network: hub.network, users }),
    );
    for (const daemon of startControllers(served, hub.network, { binDir, users })) starting.use(daemon);
    await installMultus(served);
    log("the control plane is ready");
    return served;
  };
  const booting = nodes.map((node) => bootNode(node, cgroupsOf.get(node.name) ?? { version: 1, folders: [] }));
  // whichever fails, the others are awaited: what they started has to be known by then
  const [served, booted] = await Promise.allSettled([serveApi(), allOrNone(booting)]);
  const bed = new Bed({ directory, controlPlane: settled(served), nodes: settled(booted), resources: starting.move() });
  try {
    await bed.join(users, options.chained ?? []);
    log("the nodes are Ready");
    return bed;
  } catch (error) {
    const logs = bed.logTails().join("\n");
    await bed[Symbol.asyncDispose]();
    throw new Error(`cannot start the bed: ${error instanceof Error ? error.message : error}\n${logs}`, {
      cause: error,
    });
  }
}

async function allOrNone<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  return (await Promise.allSettled(promises)).map(settled);
}

function settled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}
