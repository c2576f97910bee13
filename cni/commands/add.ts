// ADD: everything is validated first, then the agent or the node's limit decides the size, then the tap is made whole or not
// at all. In a chain, pods that are no virtual machines get the earlier plugin's result back untouched.

import { type NetConf, parseNetConf } from "../config.ts";
import { CniError, errorCodes } from "../error.ts";
import type { NetworkNamespace } from "../kernel/kernel.ts";
import { resolveMode } from "../mode.ts";
import { type PodArguments, parsePodArguments } from "../pod-arguments.ts";
import { assertExpressible, formatHandedOn, formatTapResult, type PrevResult, readPrevResult } from "../result.ts";
import { attachmentId, networkId, type TapMode } from "../tap/alias.ts";
import { applyTap, type MadeTap } from "../tap/apply.ts";
import { macFault, normalizeMac } from "../tap/mac.ts";
import { companionInterfaceName, interfaceNameFault } from "../tap/name.ts";
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

/** @throws CniError; nothing is left behind then. */
export function add(call: Call): string {
  const attachment = validate(call);
  using namespace = requireTarget(call);
  const { conf, mode, prev } = attachment;
  const passing = mode === "main" ? undefined : reasonToPass(call, attachment);
  if (passing !== undefined) {
    call.log("info", `no tap for this pod: ${passing}`, {
      pod: attachment.pod.podName,
      ifName: call.environment.ifName,
    });
    return formatHandedOn(call.cniVersion, prev);
  }
  const size = decideSize(call, attachment);
  if (size === undefined) return formatHandedOn(call.cniVersion, prev);
  return makeTap(call, { attachment, namespace, size }, (tap) => {
    if (mode !== "main") return formatHandedOn(call.cniVersion, prev);
    const reported = { ...tap, sandbox: call.environment.netns };
    return formatTapResult(call.cniVersion, { prev, tap: reported, dns: conf.dns });
  });
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
    assertExpressible(cniVersion, prev);
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

/** Companion and binding mode: why KubeVirt makes this pod's tap itself, if it needs one. */
function reasonToPass({ kernel }: Call, { mode, pod }: Attachment): string | undefined {
  if (mode === "companion" && pod.podName?.startsWith("virt-launcher-") !== true) return "it is no virtual machine's";
  // A tap of ours would carry another label than one that virt-handler makes, and QEMU may not open it.
  if (kernel.isSelinuxEnforcing())
    return "SELinux is enforcing, so KubeVirt must make the tap itself, and no limit is held";
  return undefined;
}

/** Undefined: the agent says that this pod gets no tap from us. */
function decideSize(call: Call, { conf, mode, pod, attachmentId }: Attachment): Size | undefined {
  if (conf.sizing === "static") return sizeByConfig(call, conf);
  return sizeByAgent(call, { conf, mode, pod, attachmentId });
}

function makeTap(
  call: Call,
  { attachment, namespace, size }: { attachment: Attachment; namespace: NetworkNamespace; size: Size },
  report: (made: MadeTap) => string,
): string {
  const { conf, mode, mac, attachmentId } = attachment;
  const name = mode === "main" ? call.environment.ifName : size.tapName;
  const wanted = {
    name,
    mode,
    queues: size.queues,
    owner: conf.owner ?? size.owner,
    group: conf.group ?? size.group,
    mac,
    mtuBytes: mode === "main" ? conf.mtuBytes : mtuOfPodInterface(call, { mode, namespace, tapName: name }),
    qdisc: conf.qdisc,
    bridge: conf.bridge,
    networkId: networkId(call.sys.sha256Hex, call.network),
    attachmentId,
  };
  return applyTap(namespace, wanted, report);
}

/** KubeVirt gives its tap the MTU of the pod's interface; so do we, and it finds nothing to change. */
function mtuOfPodInterface(
  { environment }: Call,
  { mode, namespace, tapName }: { mode: TapMode; namespace: NetworkNamespace; tapName: string },
): number | undefined {
  const ifName = mode === "companion" ? environment.ifName : companionInterfaceName(tapName);
  return ifName === undefined ? undefined : namespace.findLink(ifName)?.mtuBytes;
}
