// Which IPAM plugin DEL and GC run. They take configurations that ADD would refuse, and go on without a plugin that may not run.

import { parseNetConf } from "../config.ts";
import { CniError } from "../error.ts";
import { delegateInput } from "../ipam/delegate.ts";
import { memberOf } from "../json-object.ts";
import { mayRunIpam } from "../policy/ipam-policy.ts";
import type { Policy } from "../policy/policy.ts";
import type { Call } from "./call.ts";

/** Undefined where ADD runs none, or refuses the configuration: then nothing was reserved. The log is told of the latter. */
export function ipamTypeToRun(call: Call, readPolicy: () => Policy): string | undefined {
  const { document, log } = call;
  if (memberOf(document, "ipam") === undefined) return undefined;
  const type = configuredType(call);
  if (type === undefined) return undefined;
  return mayRunIpam(readPolicy(), document, log) ? type : undefined;
}

function configuredType({ document, log }: Call): string | undefined {
  try {
    const { ipamType } = parseNetConf(document);
    if (ipamType !== undefined) delegateInput(document);
    return ipamType;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    log("warn", `the IPAM plugin is not run: ${error.message}`);
    return undefined;
  }
}
