// STATUS: whether ADD could be served. It gets no pod and no prevResult, so the configuration alone tells the mode; where that
// may be a companion it never fails, since a failing STATUS makes the whole node NotReady. containerd asks every 5 seconds.

import { type NetConf, parseNetConf } from "../config.ts";
import { CniError, errorCodes } from "../error.ts";
import { memberOf } from "../json-object.ts";
import { isAgentListening } from "../sizing/client.ts";
import type { Call } from "./call.ts";

/** Asks an IPAM plugin: only the program that runs them has it. @throws CniError 50 or 51 */
export type RequireIpam = (call: Call, type: string) => void;

/** @throws CniError 50, 51 of an IPAM plugin, or what ADD would refuse the configuration of main mode with. */
export function status(call: Call, requireIpam?: RequireIpam): string {
  const { document, kernel, sys } = call;
  if (mayBeCompanion(memberOf(document, "mode"), memberOf(document, "sizing"))) return "";
  const conf: NetConf = parseNetConf(document);
  if (!kernel.hasTunDevice()) throw notAvailable("/dev/net/tun is missing: load the tun module");
  if (conf.sizing === "vm" && !isAgentListening(sys)) throw notAvailable("mqtap's agent does not run on this node");
  if (conf.ipamType !== undefined) {
    if (requireIpam === undefined)
      throw new Error('cannot serve a configuration with "ipam": this program runs no plugin');
    requireIpam(call, conf.ipamType);
  }
  return "";
}

function mayBeCompanion(mode: unknown, sizing: unknown): boolean {
  return mode === "companion" || (mode === undefined && sizing === "vm");
}

function notAvailable(why: string): CniError {
  return new CniError(errorCodes.NotAvailable, `cannot serve ADD: ${why}`);
}
