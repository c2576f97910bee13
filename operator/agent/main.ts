// The agent's process: flags, transport, signals, exit status. 0: stopped in order, 1: it could not go on (its
// supervisor starts it again), 2: wrong flags.

import { join } from "node:path";
import { systemClock } from "../kube/clock.ts";
import { createInClusterTransport, inClusterEndpoint } from "../kube/in-cluster-transport.ts";
import { createLog, describeError } from "../kube/log.ts";
import { runAgent } from "./agent.ts";
import { type AgentFlags, parseFlags, UsageError, usage } from "./options.ts";
import { runUninstall } from "./uninstall/run-uninstall.ts";

process.exit(await main());

async function main(): Promise<number> {
  let flags: AgentFlags | "help";
  try {
    const bundledPlugin = join(import.meta.dirname, "mqtap");
    flags = parseFlags(process.argv.slice(2), inClusterEndpoint(process.env), bundledPlugin);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (flags === "help") {
    process.stdout.write(usage);
    return 0;
  }
  const clock = systemClock;
  const { nodeName, logLevel: level, endpoint } = flags;
  const write = (line: string): void => void process.stderr.write(`${line}\n`);
  const log = createLog({ write, clock, level, fields: { node: nodeName } });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info("stopping", { signal });
      stop.abort();
    });
  }
  const hint = "check --api-server, --ca-file and --token-file";
  const transport = createInClusterTransport({ ...endpoint, clock, userAgent: "mqtap-agent", hint });
  try {
    const run = flags.uninstall ? runUninstall : runAgent;
    await run(flags, { transport, clock, random: Math.random, log, signal: stop.signal });
    return 0;
  } catch (error) {
    log.error("the agent cannot go on", { error: describeError(error) });
    return 1;
  } finally {
    transport.close();
  }
}
