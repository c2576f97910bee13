// CHECK: the tap with our mark is still as it was made. Main mode looks at everything; in companion and binding mode KubeVirt
// rightly changes mac, mtu, state and master, so only kind, queue bit and owner count. CRI-O calls this for every pod.

import { type NetConf, parseNetConf } from "../config.ts";
import { CniError, errorCodes } from "../error.ts";
import type { Link, NetworkNamespace } from "../kernel/kernel.ts";
import { findReportedInterface, type PrevResult, readPrevResult } from "../result.ts";
import { parseAlias } from "../tap/alias.ts";
import type { Call } from "./call.ts";
import { ipamFault } from "./check-ipam.ts";
import { findTap } from "./find-tap.ts";
import { requireTarget } from "./target.ts";
import { mtuBeforeTuning } from "./tuning-record.ts";

/** What CHECK looks at. */
interface Examined {
  readonly conf: NetConf;
  readonly prev: PrevResult | undefined;
  readonly tap: Link;
  readonly namespace: NetworkNamespace;
}

/** @throws CniError 104 naming the first difference, 7 without a prevResult in main mode, 8 when the namespace is gone. */
export function check(call: Call): string {
  const conf = parseNetConf(call.document);
  const prev = readPrevResult(call.document, call.text);
  using namespace = requireTarget(call);
  const tap = findTap(call, namespace, conf.logicNetworkName);
  const fault =
    tap === undefined ? absenceFault(call, conf, namespace) : tapFault(call, { conf, prev, tap, namespace });
  if (fault !== undefined) {
    const { ifName, netns } = call.environment;
    throw new CniError(errorCodes.CheckFailed, `cannot confirm the attachment "${ifName}" in ${netns}: ${fault}`);
  }
  return "";
}

/** Without a tap of ours the pod was passed through, unless the configuration says that there must be one. */
function absenceFault({ environment }: Call, conf: NetConf, namespace: NetworkNamespace): string | undefined {
  const isMain =
    conf.mode === "main" ||
    (conf.mode === undefined &&
      (conf.sizing === "static" ||
        (conf.logicNetworkName === undefined && namespace.findLink(environment.ifName) === undefined)));
  return isMain ? "its tap is gone, or no longer carries mqtap's alias" : undefined;
}

function tapFault(call: Call, { conf, prev, tap, namespace }: Examined): string | undefined {
  const alias = parseAlias(tap.alias);
  const wantsMultiQueue = (alias?.queues ?? 1) > 1;
  if (tap.tap?.isMultiQueue !== wantsMultiQueue) {
    return wantsMultiQueue ? "it lost its multi-queue flag" : "it has become multi-queue";
  }
  if (tap.tap.owner === undefined) return "it lost its owner, so every user in the pod may attach";
  if (alias?.mode !== "main") return undefined;
  return ownershipFault(conf, tap) ?? mainFault(call, { conf, prev, tap, namespace });
}

function ownershipFault(conf: NetConf, { tap }: Link): string | undefined {
  // With sizing "vm" the agent chose what the configuration left open.
  const byDefault = conf.sizing === "static" ? 107 : undefined;
  const [owner, group] = [conf.owner ?? byDefault, conf.group ?? byDefault];
  if (owner !== undefined && tap?.owner !== owner) return `its owner is ${tap?.owner ?? "nobody"}, not ${owner}`;
  if (group !== undefined && tap?.group !== group) return `its group is ${tap?.group ?? "none"}, not ${group}`;
  return undefined;
}

function mainFault(call: Call, { conf, prev, tap, namespace }: Examined): string | undefined {
  const { ifName, netns } = call.environment;
  if (prev === undefined) {
    throw new CniError(errorCodes.InvalidNetworkConfig, 'missing "prevResult": CHECK needs the result of ADD');
  }
  if (tap.name !== ifName) return `it is named "${tap.name}" now`;
  const reported = findReportedInterface(prev, ifName);
  if (reported === undefined) return "prevResult has no such interface";
  if (reported.sandbox !== netns) return `prevResult has it in ${reported.sandbox ?? "no sandbox"}`;
  if (!tap.isUp) return "it is down";
  if (reported.mac !== undefined && reported.mac !== tap.mac) return `its mac is ${tap.mac}, not ${reported.mac}`;
  // Plugins after us may set the MTU; they report it in results of 1.1.0, but tuning does not.
  const mtuBytes = reported.mtuBytes ?? conf.mtuBytes;
  if (mtuBytes !== undefined && mtuBytes !== tap.mtuBytes && mtuBeforeTuning(call) !== mtuBytes) {
    return `its mtu is ${tap.mtuBytes}, not ${mtuBytes}`;
  }
  const { ipamType } = conf;
  return ipamType === undefined ? undefined : ipamFault(call, { namespace, tap, prev, ipamType });
}
