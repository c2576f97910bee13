// What the sizing socket does with a request: answer it, remember what was answered, tell the VM's owner once.

import type { SizingAnswer, SizingRequest } from "../../../cni/sizing/protocol.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { describeError, type Log } from "../../kube/log.ts";
import type { Attachment } from "../state.ts";
import type { Announced } from "./announced.ts";
import { answerSizing, type SizedInterface, type SizingContext } from "./answer.ts";
import { plannedEvent } from "./planned-events.ts";

export interface SizingServiceOptions {
  readonly context: SizingContext;
  /** Resolves when it is on disk. */
  readonly remember: (attachmentId: string, attachment: Attachment) => Promise<void>;
  readonly announced: Announced;
  readonly events: Pick<EventRecorder, "record">;
  readonly now: () => Date;
  readonly log: Log;
}

export function createSizingService(
  options: SizingServiceOptions,
): (request: SizingRequest, signal: AbortSignal) => Promise<SizingAnswer> {
  const { context, remember, announced, events, now, log } = options;
  return async (request, signal) => {
    const { answer, sized } = await answerSizing(request, context, signal);
    const pod = `${request.podNamespace}/${request.podName}`;
    log.info("sized", { pod, ifName: request.ifName, mode: request.mode, ...answer });
    if (sized === undefined || signal.aborted) return answer;
    if (answer.kind === "tap") {
      try {
        await remember(request.attachmentId, attachmentOf(sized, answer.tapName, now()));
      } catch (error) {
        // A VM does not wait for the agent's disk; only the later comparison with this number is lost.
        log.warn("cannot remember the queues of a tap", { pod, error: describeError(error) });
      }
    }
    if (announced.isNew(sized.pod.uid, sized.network, sized.decision.text)) {
      const event = plannedEvent(sized);
      if (event !== undefined) events.record(event);
    }
    return answer;
  };
}

/** What is remembered of a sized interface. */
export function attachmentOf({ pod, vmi, network, decision }: SizedInterface, tapName: string, at: Date): Attachment {
  return {
    podUid: pod.uid,
    pod: `${pod.namespace}/${pod.name}`,
    vmi: `${vmi.namespace}/${vmi.name}`,
    vmiUid: vmi.uid,
    network,
    tapName,
    wanted: decision.wanted,
    queues: decision.queues,
    why: decision.text,
    at: at.toISOString(),
    wished: decision.wished,
    ...(decision.obstacle === undefined ? {} : { obstacle: decision.obstacle }),
  };
}
