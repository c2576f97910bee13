// ADD: everything is validated first, then the agent or the node's limit decides the size, then the tap is made whole or not
// at all. In a chain, pods that are no virtual machines get the earlier plugin's result back untouched.

import { type NetConf, parseNetConf } from "../config.ts";
import { CniError, errorCodes } from "../error.ts";
import type { NetworkNamespace } from "../kernel/kernel.ts";
import { resolveMode } from "../mode.ts";
import { type PodArguments, parsePodArguments } from "../pod-arguments.ts";
import { enforcePolicy } from "../policy/enforce-policy.ts";
import type { Policy } from "../policy/policy.ts";
import { assertExpressible, formatHandedOn, formatTapResult, type PrevResult, readPrevResult } from "../result.ts";
import { attachmentId, networkId, type TapMode } from "../tap/alias.ts";
import { applyTap, type FeasibleTap, planFeasibleTap } from "../tap/apply.ts";
import { macFault, normalizeMac } from "../tap/mac.ts";
import { companionInterfaceName, interfaceNameFault } from "../tap/name.ts";
import type { WantedTap } from "../tap/plan.ts";
import type { Call } from "./call.ts";
import { type Size, sizeByAgent, sizeByConfig } from "./size.ts";
import { requireTarget } from "./target.ts";

/** A validated ADD. */
interface Attachment {
  readonly conf: NetConf;
  readonly mode: TapMode;
  readonly pod: PodArguments;
  readonly prev: PrevResult | undefined;
  readonly mac: string | undefined;
  readonly attachmentId: string;
}

/** What ADD does more where the configuration has `ipam`: only the program that runs IPAM plugins has it. */
export interface AddressedAdd {
  /** @throws CniError 109 */
  readonly validate: (call: Call, policy: Policy) => void;
  /** Makes the tap with its addresses. @throws CniError; neither tap nor address is left then. */
  readonly make: (
    call: Call,
    tap: {
      readonly namespace: NetworkNamespace;
      readonly feasible: FeasibleTap;
      readonly ipamType: string;
      readonly prev: PrevResult | undefined;
      readonly dns: NetConf["dns"];
    },
  ) => string;
}

/** @throws CniError; nothing is left behind then. */
export function add(call: Call, addressed?: AddressedAdd): string {
  const attachment = validate(call);
  using namespace = requireTarget(call);
  const { conf, prev } = attachment;
  if (isPassedThrough(call, attachment)) return formatHandedOn(call.cniVersion, prev);
  const policy = enforcePolicy(call, conf);
  if (conf.ipamType !== undefined) addressed?.validate(call, policy);
  const size = decideSize(call, attachment);
  if (size === undefined) return formatHandedOn(call.cniVersion, prev);
  const feasible = planFeasibleTap(namespace, wantedTap(call, { attachment, namespace, size }));
  if (conf.ipamType === undefined) return makeTap(call, { attachment, namespace, feasible });
  if (addressed === undefined) throw new Error('cannot serve a configuration with "ipam": this program runs no plugin');
  return addressed.make(call, { namespace, feasible, ipamType: conf.ipamType, prev, dns: conf.dns });
}

function validate(call: Call): Attachment {
  const { environment, document, text, network, cniVersion, sys } = call;
  const conf = parseNetConf(document);
  const prev = readPrevResult(document, text);
  const mode = resolveMode(conf, prev !== undefined);
  const pod = parsePodArguments(environment.args);
  const mac = mode === "main" ? chooseMac(conf, pod) : undefined;
  const { containerId, ifName } = environment;
  if (mode === "main") {
    assertName(ifName);
    assertExpressible(cniVersion, prev, conf.ipamType !== undefined);
  }
  return { conf, mode, pod, prev, mac, attachmentId: attachmentId(sys.sha256Hex, { network, containerId, ifName }) };
}

function assertName(ifName: string): void {
  const fault = interfaceNameFault(ifName);
  if (fault === undefined) return;
  throw new CniError(errorCodes.InvalidEnvironment, `invalid CNI_IFNAME ${JSON.stringify(ifName)}: it ${fault}`);
}

/** CONVENTIONS.md's order, and what runtimes do. */
function chooseMac({ macs }: NetConf, pod: PodArguments): string | undefined {
  const fromPod = pod.mac === undefined ? undefined : normalizeMac(pod.mac);
  const fault = fromPod === undefined ? "is no MAC address" : macFault(fromPod);
  if (pod.mac !== undefined && fault !== undefined) {
    throw new CniError(errorCodes.InvalidEnvironment, `invalid CNI_ARGS: MAC=${pod.mac} ${fault}`);
  }
  return macs.runtimeConfig ?? fromPod ?? macs.args ?? macs.config;
}

/** Companion and binding mode: whether KubeVirt makes this pod's tap itself, if it needs one. */
function isPassedThrough({ kernel, log, environment }: Call, { mode, pod }: Attachment): boolean {
  if (mode === "main") return false;
  // Most pods of a node are such, and nobody wants a line for each.
  if (mode === "companion" && pod.podName?.startsWith("virt-launcher-") !== true) return true;
  // A tap of ours would carry another label than one that virt-handler makes, and QEMU may not open it.
  if (!kernel.isSelinuxEnforcing()) return false;
  log("info", "no tap for this pod: SELinux is enforcing, so KubeVirt must make the tap itself, and no limit is held", {
    pod: pod.podName,
    ifName: environment.ifName,
  });
  return true;
}

/** Undefined: the agent says that this pod gets no tap from us. */
function decideSize(call: Call, { conf, mode, pod, attachmentId }: Attachment): Size | undefined {
  if (conf.sizing === "static") return sizeByConfig(call, conf);
  return sizeByAgent(call, { conf, mode, pod, attachmentId });
}

function wantedTap(
  call: Call,
  { attachment, namespace, size }: { attachment: Attachment; namespace: NetworkNamespace; size: Size },
): WantedTap {
  const { conf, mode, mac, attachmentId } = attachment;
  const name = mode === "main" ? call.environment.ifName : size.tapName;
  return {
    name,
    mode,
    queues: size.queues,
    owner: conf.owner ?? size.owner,
    group: conf.group ?? size.group,
    mac,
    mtuBytes: mode === "main" ? conf.mtuBytes : mtuOfPodInterface(call, { mode, namespace, tapName: name }),
    qdisc: conf.qdisc,
    bridge: conf.bridge,
    selinuxContext: conf.selinuxContext,
    networkId: networkId(call.sys.sha256Hex, call.network),
    attachmentId,
  };
}

function makeTap(
  { environment, cniVersion }: Call,
  { attachment, namespace, feasible }: { attachment: Attachment; namespace: NetworkNamespace; feasible: FeasibleTap },
): string {
  const { conf, mode, prev } = attachment;
  return applyTap(namespace, feasible, {
    report: (made) => {
      if (mode !== "main") return formatHandedOn(cniVersion, prev);
      return formatTapResult(cniVersion, { prev, tap: { ...made, sandbox: environment.netns }, dns: conf.dns });
    },
  });
}

/** KubeVirt gives its tap the MTU of the pod's interface; so do we, and it finds nothing to change. */
function mtuOfPodInterface(
  { environment }: Call,
  { mode, namespace, tapName }: { mode: TapMode; namespace: NetworkNamespace; tapName: string },
): number | undefined {
  const ifName = mode === "companion" ? environment.ifName : companionInterfaceName(tapName);
  return ifName === undefined ? undefined : namespace.findLink(ifName)?.mtuBytes;
}
