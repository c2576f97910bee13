// What may keep policy and plugin from a node, each with what to do. Pure.

import type { Problem } from "../reasons.ts";

const otherDirectories =
  "most use /opt/cni/bin, k3s /var/lib/rancher/k3s/data/cni, OpenShift /var/lib/cni/bin; containerd's bin_dir or CRI-O's " +
  "plugin_dirs says which: mount that one and name it with --cni-bin-dir";

export function directoryMissing(directory: string): Problem {
  const message = `${directory} is not there, so the plugin cannot be installed: is it this node's CNI directory? ${otherDirectories}`;
  return { reason: "DirectoryMissing", message };
}

/** Another plugin is in every directory that a runtime uses. */
export function directoryWithoutPlugins(directory: string): Problem {
  const message = `${directory} holds no plugin but mqtap, so the runtime of this node may look elsewhere: ${otherDirectories}`;
  return { reason: "DirectoryWithoutPlugins", message };
}

export function sourceMissing(source: string): Problem {
  const message = `this agent has no plugin to install at ${source}: its image is incomplete, or --plugin names another file`;
  return { reason: "PluginSourceMissing", message };
}

export function foreignFile(path: string, what: string): Problem {
  const message = `${path} is ${what}, not mqtap's, and is left alone: remove it from the node, and the agent installs the plugin`;
  return { reason: "ForeignFile", message };
}

export function contested(path: string, found: string | undefined, own: string): Problem {
  const now = found === undefined ? "nothing that works" : shortHash(found);
  const message =
    `someone else keeps replacing or removing ${path} (found ${now}, this agent's is ${shortHash(own)}): only one release of ` +
    "mqtap can be on a node; look for a second mqtap DaemonSet, or for a node image that brings its own plugin";
  return { reason: "Contested", message };
}

export function hostIncompatible(directory: string, why: string, earlier: string): Problem {
  const message =
    `the plugin does not run from ${directory} on this node: ${why}; ${earlier}. Look whether the directory is mounted noexec ` +
    "and whether the image is for this node's architecture";
  return { reason: "HostIncompatible", message };
}

/** A refusal of the file system to take the plugin. */
export function notWritten(path: string, code: string, error: string, earlier: string): Problem {
  const head = `cannot write ${path}: ${error}; ${earlier}`;
  if (isReadOnly(code)) {
    const message =
      `${head}. Mount a directory that the agent may write and that the runtime looks into (its bin_dir or plugin_dirs), and ` +
      "name it with --cni-bin-dir; or bring the plugin with the node's image";
    return { reason: "DirectoryReadOnly", message };
  }
  if (isFull(code)) return { reason: "DiskFull", message: `${head}. Make room on this node` };
  return { reason: "InstallFailed", message: `${head}. The agent tries again` };
}

/** The same for the policy. */
export function policyProblem(path: string, code: string, error: string, source: string | undefined): Problem {
  const advice = isReadOnly(code)
    ? "mount the directory read-write into the agent's pod, or say --policy-file= and bring the file with the node's image"
    : isFull(code)
      ? "make room on this node"
      : "the agent tries again";
  const from = source === undefined ? "" : ` (from ${source})`;
  return { reason: "PolicyNotWritten", message: `cannot keep the policy ${path}${from}: ${error}; ${advice}` };
}

/** As people compare them. */
export function shortHash(sha256: string): string {
  return `sha256 ${sha256.slice(0, 12)}`;
}

function isReadOnly(code: string): boolean {
  return ["EROFS", "EACCES", "EPERM"].includes(code);
}

function isFull(code: string): boolean {
  return ["ENOSPC", "EDQUOT"].includes(code);
}
