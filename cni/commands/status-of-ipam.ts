// STATUS of the IPAM plugin, whose words the runtime shall hear: without addresses ADD cannot be served.

import { CniError, errorCodes } from "../error.ts";
import { runDelegate } from "../ipam/delegate.ts";
import { enforceIpamPolicy } from "../policy/ipam-policy.ts";
import { readPolicy } from "../policy/read-policy.ts";
import type { Call } from "./call.ts";

/** SPEC.md, section STATUS: the attachments that are there already do not work either. */
const attachmentsImpaired = 51;

/** @throws CniError 50 or 51 as the plugin has it, 50 where it failed in another way; 108, 109 or 121 */
export function requireIpam(call: Call, type: string): void {
  enforceIpamPolicy(readPolicy(call), call.document);
  const outcome = runDelegate(call, { command: "STATUS", type });
  if (!("failure" in outcome)) return;
  const { code, why, details } = outcome.failure;
  throw new CniError(
    code === attachmentsImpaired ? code : errorCodes.NotAvailable,
    `cannot serve ADD: IPAM plugin ${JSON.stringify(type)}: ${why}`,
    details === undefined ? {} : { details },
  );
}
