// A transport that only a leader can use: its requests end with the leadership, and none is sent once the lease has run
// out on our own clock. The second rule covers a process that was stopped for a while: its timers have not fired yet.
import { openAbortScope } from "./abort-scope.ts";
import type { Clock } from "./clock.ts";
import type { KubeRequest, KubeTransport } from "./transport.ts";

/** Somebody else may lead by now. */
export class LeadershipLostError extends Error {
  override readonly name = "LeadershipLostError";
}

/** What guards the transport. */
export interface FenceOptions {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  /** False once the lease has run out. */
  readonly isLeading: () => boolean;
  readonly signal: AbortSignal;
}

/** The guarded transport. */
export function fenceTransport({ transport, clock, isLeading, signal }: FenceOptions): KubeTransport {
  const check = (): void => {
    if (signal.aborted || !isLeading()) {
      throw new LeadershipLostError("the leader's lease has run out, nothing is written any more");
    }
  };
  const ended = async <R>(request: KubeRequest, action: (fenced: KubeRequest) => Promise<R>): Promise<R> => {
    check();
    using scope = openAbortScope({ clock, parents: [signal, request.signal] });
    return await action({ ...request, signal: scope.signal });
  };
  return {
    request: (request) => ended(request, (fenced) => transport.request(fenced)),
    async watch(request) {
      check();
      return transport.watch({ ...request, signal: AbortSignal.any([signal, request.signal ?? signal]) });
    },
    close: () => undefined, // belongs to whoever made the transport within
  };
}
