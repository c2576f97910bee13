// The agent's health server, where a port is given for it.

import { type HealthServer, startHealthServer } from "../kube/health-server.ts";
import type { Log } from "../kube/log.ts";
import type { AgentFlags } from "./options.ts";

export interface AgentHealth {
  readonly flags: Pick<AgentFlags, "healthHost" | "healthPort">;
  readonly log: Log;
  /** True once the node's profile has been asked for. */
  readonly isSynced: () => boolean;
  readonly metrics: () => string;
}

/** @throws when it cannot listen. */
export async function startAgentHealth({
  flags,
  log,
  isSynced,
  metrics,
}: AgentHealth): Promise<HealthServer | undefined> {
  if (flags.healthPort === undefined) return undefined;
  const server = await startHealthServer({
    host: flags.healthHost,
    port: flags.healthPort,
    live: () => undefined,
    ready: () => (isSynced() ? undefined : "the node's profile has not been asked for yet: the agent's log says why"),
    metrics,
    log,
  });
  log.info("health server listens", { port: server.port });
  return server;
}
