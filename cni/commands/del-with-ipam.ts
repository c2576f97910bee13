// DEL with addresses: the tap goes first, then the IPAM plugin releases what it reserved, also where the namespace is gone.
// Both are attempted; a plugin that fails makes DEL fail, so that the runtime tries again.

import { CniError, errorCodes } from "../error.ts";
import { delegate } from "../ipam/delegate.ts";
import type { Call } from "./call.ts";
import { del } from "./del.ts";
import { ipamTypeToRun } from "./ipam-type-to-run.ts";

/** @throws what {@link del} throws, CniError 11, 120 or 121. */
export function delWithIpam(call: Call): string {
  const failures: unknown[] = [];
  try {
    del(call);
  } catch (error) {
    // The guard comes before any effect.
    if (error instanceof CniError && error.code === errorCodes.InvalidNamespace) throw error;
    failures.push(error);
  }
  try {
    const type = ipamTypeToRun(call);
    if (type !== undefined) delegate(call, { command: "DEL", type, purpose: "release addresses" });
  } catch (error) {
    failures.push(error);
  }
  const [first, second] = failures;
  if (second !== undefined) call.log("error", second instanceof Error ? second.message : String(second));
  if (failures.length > 0) throw first;
  return "";
}
