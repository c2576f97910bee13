// DEL with addresses: the IPAM plugin releases what it reserved while the tap is still there, since dhcp tells its server by it,
// then the tap goes. Both are attempted, also where the namespace is gone; what fails makes DEL fail, so that the runtime tries
// again.

import { CniError, errorCodes } from "../error.ts";
import { delegate } from "../ipam/delegate.ts";
import { readPolicyOrDefault } from "../policy/read-policy.ts";
import type { Call } from "./call.ts";
import { del } from "./del.ts";
import { ipamTypeToRun } from "./ipam-type-to-run.ts";

/** @throws what {@link del} throws, CniError 11, 120 or 121. */
export function delWithIpam(call: Call): string {
  const failures: unknown[] = [];
  let isReleaseDue = true;
  const release = (): void => {
    if (!isReleaseDue) return;
    isReleaseDue = false;
    try {
      const type = ipamTypeToRun(call, () => readPolicyOrDefault(call));
      if (type !== undefined) delegate(call, { command: "DEL", type, purpose: "release addresses" });
    } catch (error) {
      failures.push(error);
    }
  };
  try {
    del(call, release);
  } catch (error) {
    // The guard comes before any effect.
    if (error instanceof CniError && error.code === errorCodes.InvalidNamespace) throw error;
    failures.unshift(error);
  }
  // The namespace could not be looked at.
  release();
  const [first, second] = failures;
  if (second !== undefined) call.log("error", second instanceof Error ? second.message : String(second));
  if (failures.length > 0) throw first;
  return "";
}
