// DEL: removes what carries this attachment's mark and nothing else. It needs neither agent nor prevResult, takes
// configurations and arguments that ADD would refuse, and succeeds where nothing is left to do.

import type { Call } from "./call.ts";
import { findTap } from "./find-tap.ts";
import { openTarget } from "./target.ts";

/**
 * `beforeRemoval` is called when the namespace is known to be a pod's; not where there is none.
 * @throws CniError 8 for the plugin's own namespace and the node's, SyscallError when the kernel refuses.
 */
export function del(call: Call, beforeRemoval?: () => void): string {
  if (call.environment.netns === "") return "";
  using namespace = openTarget(call);
  beforeRemoval?.();
  const tap = namespace === undefined ? undefined : findTap(call, namespace);
  if (tap !== undefined) namespace?.deleteLink(tap.index);
  return "";
}
