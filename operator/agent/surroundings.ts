// What an agent needs of its process, in either mode.

import type { Clock } from "../kube/clock.ts";
import type { Log } from "../kube/log.ts";
import type { KubeTransport } from "../kube/transport.ts";

export interface AgentSurroundings {
  readonly transport: KubeTransport;
  readonly clock: Clock;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}
