// Where on this machine a node of the bed may have cgroups of its own: on version 1 a folder below our own cgroup of every
// controller, on version 2 one folder at the top, because a cgroup that holds processes (ours) gives no controllers away.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { findFolders } from "../setup/folders.mjs";

/** A cgroup hierarchy: where a node's folder in it is to be made, and how the node mounts it. */
export interface Hierarchy {
  /** The folder, outside the node, below which the node's own is made. */
  readonly parent: string;
  /** Version 1: the controllers that are mounted together. Version 2: undefined. */
  readonly controllers: string | undefined;
}

/** The cgroups of one node. */
export interface NodeCgroups {
  readonly version: 1 | 2;
  readonly folders: readonly { readonly path: string; readonly controllers: string | undefined }[];
}

/** Controllers that kubelet needs on version 2. */
const neededControllers = ["cpu", "memory", "pids"];

/** The hierarchies of this machine. @throws Error when it has none that a node could use */
export function findHierarchies(
  ownCgroups: string = readFileSync("/proc/self/cgroup", "utf8"),
  mountinfo: string = readFileSync("/proc/self/mountinfo", "utf8"),
): readonly Hierarchy[] {
  const mounts = parseCgroupMounts(mountinfo);
  const own = ownCgroups.trim().split("\n").map(parseOwnCgroup);
  const v1 = own.flatMap(({ controllers, path }) => {
    if (controllers === "" || controllers.startsWith("name=")) return [];
    const names = controllers.split(",");
    const mount = mounts.find(
      ({ type, options }) => type === "cgroup" && names.every((name) => options.includes(name)),
    );
    if (mount === undefined) return [];
    return [{ parent: join(mount.point, relative(mount.root, path)), controllers }];
  });
  if (v1.some(({ controllers }) => controllers.split(",").includes("memory"))) return v1;
  const unified = mounts.find(({ type }) => type === "cgroup2");
  if (unified === undefined) throw new Error("cannot make cgroups for nodes: no cgroup file system is mounted");
  return [{ parent: unified.point, controllers: undefined }];
}

/** Where the cgroups of a node named `name` are to be. */
export function planNodeCgroups(hierarchies: readonly Hierarchy[], name: string): NodeCgroups {
  const folders = hierarchies.map(({ parent, controllers }) => ({ path: join(parent, name), controllers }));
  return { version: folders.every(({ controllers }) => controllers === undefined) ? 2 : 1, folders };
}

/** Makes them. @throws Error */
export function makeNodeCgroups({ version, folders }: NodeCgroups): void {
  for (const { path, controllers } of folders) {
    if (version === 2) checkDelegated(dirname(path));
    mkdirSync(path);
    if (controllers?.split(",").includes("cpuset")) {
      for (const file of ["cpuset.cpus", "cpuset.mems"]) {
        writeFileSync(join(path, file), readFileSync(join(dirname(path), file), "utf8"));
      }
    }
  }
}

/** Removes what a node that is off left in its cgroups. */
export function emptyNodeCgroups({ folders }: NodeCgroups): void {
  for (const { path } of folders) {
    for (const folder of findFolders(path).toReversed()) rmdirSync(folder);
  }
}

// the machine's own switches are left as they are
function checkDelegated(parent: string): void {
  const enabled = readFileSync(join(parent, "cgroup.subtree_control"), "utf8").trim().split(" ");
  const missing = neededControllers.filter((name) => !enabled.includes(name));
  if (missing.length > 0) {
    throw new Error(`cannot make cgroups for nodes: "${parent}" does not enable ${missing.join(", ")} below it`);
  }
}

function parseOwnCgroup(line: string): { readonly controllers: string; readonly path: string } {
  const [, controllers = "", ...path] = line.split(":");
  return { controllers, path: path.join(":") };
}

interface CgroupMount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

// proc_pid_mountinfo(5): id parent major:minor root point options [optional fields] - type source superOptions
function parseCgroupMounts(mountinfo: string): readonly CgroupMount[] {
  return mountinfo
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [, , , root = "", point = ""] = before.split(" ");
      const [type = "", , superOptions = ""] = after.split(" ");
      return type === "cgroup" || type === "cgroup2" ? [{ root, point, type, options: superOptions.split(",") }] : [];
    });
}
