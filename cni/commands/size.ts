// How many queues, and for whom: by the configuration and the node's limit (static), or by the agent (vm).

import type { NetConf } from "../config.ts";
import { CniError, errorCodes } from "../error.ts";
import type { PodArguments } from "../pod-arguments.ts";
import { askAgent } from "../sizing/client.ts";
import { readNodeLimit } from "../sizing/node-limit.ts";
import { type SizingAnswer, sizingProtocolVersion } from "../sizing/protocol.ts";
import type { TapMode } from "../tap/alias.ts";
import { interfaceNameFault } from "../tap/name.ts";
import type { Call } from "./call.ts";

export interface Size {
  readonly queues: number;
  readonly owner: number;
  readonly group: number;
  /** By KubeVirt's scheme; in main mode the tap is CNI_IFNAME instead. */
  readonly tapName: string;
}

/** QEMU's user in KubeVirt's launcher. An absent owner would let every uid in the pod attach. */
const qemuId = 107;

/** min(what the configuration asks for, the node's limit, maxQueues). */
export function sizeByConfig({ sys, log, environment }: Call, conf: NetConf): Size {
  const size = { owner: qemuId, group: qemuId, tapName: environment.ifName };
  const wanted = conf.queues ?? (conf.multiQueue === true ? Number.POSITIVE_INFINITY : 1);
  if (wanted === 1) return { ...size, queues: 1 };
  const limit = readNodeLimit(sys, log);
  const queues = Math.min(wanted, limit.maxQueues, conf.maxQueues ?? limit.maxQueues);
  if (conf.queues !== undefined && limit.maxQueues < conf.queues) {
    log("info", `${conf.queues} -> ${queues} queues: node limit ${limit.maxQueues} by ${limit.source}`);
  }
  return { ...size, queues };
}

/** Undefined when the agent says "no tap" in a chain or binding. @throws CniError 11, 101, or the agent's own refusal. */
export function sizeByAgent(
  call: Call,
  asker: { conf: NetConf; mode: TapMode; pod: PodArguments; attachmentId: string },
): Size | undefined {
  const { environment, network, sys, log } = call;
  const { conf, mode, pod, attachmentId } = asker;
  const { podNamespace, podName, podUid } = pod;
  if (podNamespace === undefined || podName === undefined) {
    throw new CniError(
      errorCodes.InvalidEnvironment,
      'invalid CNI_ARGS: "sizing": "vm" needs K8S_POD_NAMESPACE and K8S_POD_NAME',
    );
  }
  const answer = askAgent(sys, {
    version: sizingProtocolVersion,
    mode,
    podNamespace,
    podName,
    podUid,
    ifName: environment.ifName,
    network,
    attachmentId,
    logicNetworkName: conf.logicNetworkName,
    maxQueues: conf.maxQueues,
  });
  if (answer.kind !== "none") return accept(answer);
  if (mode === "main") throw new CniError(errorCodes.NoTapForPod, `cannot make a tap for this pod: ${answer.why}`);
  log("info", `no tap for this pod: ${answer.why}`, { pod: podName, ifName: environment.ifName });
  return undefined;
}

function accept(answer: Exclude<SizingAnswer, { kind: "none" }>): Size {
  switch (answer.kind) {
    case "retry":
      throw new CniError(errorCodes.TryAgainLater, `cannot size the tap now: ${answer.why}`);
    case "refused":
      throw new CniError(answer.code, `cannot make a tap for this pod: ${answer.why}`);
    case "tap": {
      const fault = interfaceNameFault(answer.tapName);
      if (fault === undefined) return answer;
      throw new CniError(
        errorCodes.TryAgainLater,
        `cannot ask mqtap's agent: it wants a tap named ${JSON.stringify(answer.tapName)}, which ${fault}`,
      );
    }
    default:
      return answer satisfies never;
  }
}
