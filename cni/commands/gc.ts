// GC: removes this network's taps whose attachment is not in the runtime's list, in every namespace that runtimes keep.
// Without a list nothing is removed; taps of other networks, and everything that is not ours, are not looked at twice.

import { CniError, errorCodes } from "../error.ts";
import { delegate } from "../ipam/delegate.ts";
import { isJsonObject, memberOf, showJson } from "../json-object.ts";
import type { Link, NetworkNamespace } from "../kernel/kernel.ts";
import type { Policy } from "../policy/policy.ts";
import { readPolicyOrDefault } from "../policy/read-policy.ts";
import { SyscallError } from "../sys/syscalls.ts";
import { attachmentId, networkId, parseAlias } from "../tap/alias.ts";
import type { Call } from "./call.ts";
import { ipamTypeToRun } from "./ipam-type-to-run.ts";

/** libcni sends both spellings (containernetworking/cni#1101). */
const attachmentKeys = ["cni.dev/valid-attachments", "cni.dev/attachments"];

/** @throws CniError 7 for a list that cannot be read, 106 when something could not be removed. */
export function gc(call: Call): string {
  const valid = readValidAttachments(call);
  let read: Policy | undefined;
  const policy = (): Policy => {
    read ??= readPolicyOrDefault(call);
    return read;
  };
  const failures = valid === undefined ? [] : removeTaps(call, valid, policy().netnsDirs);
  forwardToIpam(failures, call, policy);
  if (failures.length > 0) {
    const details = failures.slice(0, 20).join("; ");
    throw new CniError(errorCodes.GarbageLeft, `cannot remove all garbage of "${call.network}"`, { details });
  }
  return "";
}

/** The plugin gets the runtime's list, and answers for what it reserved itself. */
function forwardToIpam(failures: string[], call: Call, policy: () => Policy): void {
  try {
    const type = ipamTypeToRun(call, policy);
    if (type !== undefined) delegate(call, { command: "GC", type, purpose: "collect addresses" });
  } catch (error) {
    if (!(error instanceof SyscallError || error instanceof CniError)) throw error;
    failures.push(error.message);
  }
}

/** Returns what could not be removed, and why. No path ever comes from the configuration. */
function removeTaps(call: Call, valid: ReadonlySet<string>, directories: readonly string[]): string[] {
  const ours = networkId(call.sys.sha256Hex, call.network);
  const isGarbage = (link: Link): boolean => {
    const alias = parseAlias(link.alias);
    return (
      alias !== undefined && alias.mode !== "adopted" && alias.networkId === ours && !valid.has(alias.attachmentId)
    );
  };
  const failures: string[] = [];
  const seen = new Set([call.kernel.ownNamespaceIdentity(), call.kernel.hostNamespaceIdentity()]);
  for (const path of namespacePaths(failures, call, directories)) {
    attempt(failures, path, () => {
      using namespace = call.kernel.openNamespace(path);
      if (namespace === undefined || seen.has(namespace.identity)) return;
      seen.add(namespace.identity);
      removeGarbage(failures, { namespace, path, isGarbage });
    });
  }
  return failures;
}

function removeGarbage(
  failures: string[],
  { namespace, path, isGarbage }: { namespace: NetworkNamespace; path: string; isGarbage: (link: Link) => boolean },
): void {
  for (const link of namespace.links()) {
    if (link.tap?.isTap !== true || !isGarbage(link)) continue;
    attempt(failures, `${path} ${link.name}`, () => namespace.deleteLink(link.index));
  }
}

/** GC removes as much as it can and reports the rest. */
function attempt(failures: string[], what: string, remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    failures.push(`${what}: ${error.message}`);
  }
}

/** A directory that is absent is fine; one that cannot be read does not stop the others. */
function namespacePaths(failures: string[], { sys }: Call, directories: readonly string[]): readonly string[] {
  return directories.flatMap((directory) => {
    const paths: string[] = [];
    attempt(failures, directory, () => {
      try {
        for (const name of sys.readDirectory(directory)) paths.push(`${directory}/${name}`);
      } catch (error) {
        if (!(error instanceof SyscallError) || error.code !== "ENOENT") throw error;
      }
    });
    return paths;
  });
}

/** Attachment ids to keep; undefined when the runtime gave no list. */
function readValidAttachments(call: Call): ReadonlySet<string> | undefined {
  const lists = attachmentKeys.map((key) => memberOf(call.document, key)).filter((list) => list !== undefined);
  if (lists.length === 0) return undefined;
  return new Set(lists.flatMap((list) => readAttachmentIds(call, list)));
}

function readAttachmentIds({ sys, network }: Call, list: unknown): readonly string[] {
  if (!Array.isArray(list)) throw invalidList(`${showJson(list)} is not an array`);
  return list.map((entry: unknown) => {
    const containerId = isJsonObject(entry) ? memberOf(entry, "containerID") : undefined;
    const ifName = isJsonObject(entry) ? memberOf(entry, "ifname") : undefined;
    if (typeof containerId !== "string" || typeof ifName !== "string") {
      throw invalidList("an entry has no containerID or no ifname");
    }
    return attachmentId(sys.sha256Hex, { network, containerId, ifName });
  });
}

function invalidList(why: string): CniError {
  return new CniError(errorCodes.InvalidNetworkConfig, `invalid "cni.dev/valid-attachments": ${why}`);
}
