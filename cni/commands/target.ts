// The pod's namespace of a call, opened once and proven to be neither the plugin's own nor the node's before anything is done in it.

import { CniError, errorCodes } from "../error.ts";
import type { Kernel, NetworkNamespace } from "../kernel/kernel.ts";
import type { Call } from "./call.ts";

/** Undefined when the path leads to no namespace (any more). @throws CniError 8 for the plugin's own and the node's. */
export function openTarget({ environment, kernel }: Call): NetworkNamespace | undefined {
  const namespace = kernel.openNamespace(environment.netns);
  if (namespace === undefined || environment.isOwnNamespaceAllowed) return namespace;
  try {
    const owner = ownerOf(namespace.identity, kernel);
    if (owner === undefined) return namespace;
    throw invalidNamespace(environment.netns, `it is ${owner} own; CNI_NETNS_OVERRIDE=1 would insist on it`);
  } catch (error) {
    namespace[Symbol.dispose]();
    throw error;
  }
}

/** Whose a namespace is that belongs to no pod. */
function ownerOf(identity: string, kernel: Kernel): string | undefined {
  if (identity === kernel.ownNamespaceIdentity()) return "the plugin's";
  // A plugin in a container with a network of its own is not the only one that a careless path can hit.
  return identity === kernel.hostNamespaceIdentity() ? "the node's" : undefined;
}

/** For the verbs that cannot do without. @throws CniError 8. */
export function requireTarget(call: Call): NetworkNamespace {
  const namespace = openTarget(call);
  if (namespace !== undefined) return namespace;
  throw invalidNamespace(call.environment.netns, "it is not there, or it is no network namespace");
}

function invalidNamespace(path: string, why: string): CniError {
  return new CniError(errorCodes.InvalidNamespace, `invalid CNI_NETNS ${JSON.stringify(path)}: ${why}`);
}
