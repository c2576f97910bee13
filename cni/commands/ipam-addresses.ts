// What ADD has of an IPAM plugin: addresses, or an error in its words; and the way back where the tap does not come to be.

import { CniError, errorCodes } from "../error.ts";
import {
  type Delegation,
  delegate,
  delegateError,
  describeOutput,
  failureError,
  parseObject,
  runDelegate,
} from "../ipam/delegate.ts";
import { type IpamResult, IpamResultError, parseIpamResult } from "../ipam/ipam-result.ts";
import type { Call } from "./call.ts";

/** @throws CniError 11, 120 or 121 */
export function obtainAddresses(call: Call, type: string): IpamResult {
  const delegation = { command: "ADD", type, purpose: "get addresses" } as const;
  const stdout = ask(call, delegation);
  const document = parseObject(stdout);
  if (document === undefined) throw delegateError(delegation, `it ${describeOutput(stdout)}, which is no result`);
  try {
    const result = parseIpamResult(document);
    if (result.addresses.length === 0) throw delegateError(delegation, "it gave no address");
    return result;
  } catch (error) {
    if (!(error instanceof IpamResultError)) throw error;
    throw delegateError(delegation, `its answer makes no sense: ${error.message}`);
  }
}

/**
 * An ADD that was killed may have left a reservation, for which host-local refuses this attachment. It leaves nothing that tells
 * it from one that never was (no link, and no error code of its own stands for it), so the plugin's words have to. The name is
 * free, so nobody uses what is released here.
 */
const isDuplicate = /duplicate allocation/i;

function ask(call: Call, delegation: Delegation): string {
  const outcome = runDelegate(call, delegation);
  if (!("failure" in outcome)) return outcome.stdout;
  const { why, details = "" } = outcome.failure;
  if (!isDuplicate.test(why) && !isDuplicate.test(details)) throw failureError(delegation, outcome.failure);
  call.log("info", `asking again after a release: IPAM plugin ${JSON.stringify(delegation.type)}: ${why}`);
  releaseAddresses(call, delegation.type);
  return delegate(call, delegation);
}

/** Only logs what fails: the error that led here is the one to tell, and a runtime that calls DEL tries this again. */
export function releaseAddresses(call: Call, type: string): void {
  try {
    delegate(call, { command: "DEL", type, purpose: "release addresses" });
  } catch (error) {
    const isMissing = error instanceof CniError && error.code === errorCodes.NoIpamPlugin;
    if (!isMissing) call.log("warn", error instanceof Error ? error.message : String(error));
  }
}
