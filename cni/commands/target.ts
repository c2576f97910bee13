// The pod's namespace of a call, opened once and proven not to be the plugin's own before anything is done in it.

import { CniError, errorCodes } from "../error.ts";
import type { NetworkNamespace } from "../kernel/kernel.ts";
import type { Call } from "./call.ts";

/** Undefined when the path leads to no namespace (any more). @throws CniError 8 for the plugin's own. */
export function openTarget({ environment, kernel }: Call): NetworkNamespace | undefined {
  const namespace = kernel.openNamespace(environment.netns);
  if (namespace === undefined || environment.isOwnNamespaceAllowed) return namespace;
  try {
    if (namespace.identity !== kernel.ownNamespaceIdentity()) return namespace;
    throw invalidNamespace(environment.netns, "it is the plugin's own; CNI_NETNS_OVERRIDE=1 would insist on it");
  } catch (error) {
    namespace[Symbol.dispose]();
    throw error;
  }
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
