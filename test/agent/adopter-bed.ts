// The agent's adopter without a node: what the runtime's cache and the API server say, and what the plugin answers, are the test's.

import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { type AdoptEnding, type AdoptedTap, formatAdoptReport } from "../../cni/adopt/report.ts";
import { Adopter } from "../../operator/agent/adoption/adopter.ts";
import type { ProgramCall, ProgramResult } from "../../operator/agent/run-program.ts";
import { Announced } from "../../operator/agent/sizing/announced.ts";
import type { NodeLimits } from "../../operator/agent/sizing/caps.ts";
import { createSizingCluster } from "../../operator/agent/sizing/cluster.ts";
import { type AgentState, type Attachment, emptyState } from "../../operator/agent/state.ts";
import type { NewEvent } from "../../operator/kube/events.ts";
import { createMetricsRegistry } from "../../operator/kube/metrics.ts";
import { cacheEntry, FakeCacheDirectory } from "../fakes/fake-cache-directory.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { FakeCluster } from "../fakes/fake-cluster.ts";
import { createMemoryLog } from "../fakes/memory-log.ts";
import { nodeLimits, podObject, type VmiShape, vmiObject } from "./objects.ts";

export const podPath = "/api/v1/namespaces/shop/pods/virt-launcher-win-x";
export const vmiPath = "/apis/kubevirt.io/v1/namespaces/shop/virtualmachineinstances/win";

type Outcome = AdoptedTap["outcome"];

/** One run of the plugin that a test answers. */
interface Run {
  readonly call: ProgramCall;
  readonly end: (result: ProgramResult) => void;
}

/** An Adopter on a fake cache, cluster and plugin; stopped with the test. */
export function adopterBed(
  t: TestContext,
  { adoptRunning = false, limits = nodeLimits({ maxQueues: 4 }) as NodeLimits | undefined } = {},
) {
  const directory = new FakeCacheDirectory();
  const clock = new FakeClock();
  const stop = new AbortController();
  const { log, lines } = createMemoryLog();
  const events: NewEvent[] = [];
  const runs: Run[] = [];
  const metrics = createMetricsRegistry();
  const transport = new FakeCluster();
  const world = { state: emptyState("b1") as AgentState, limits, planned: 0 };
  const adopter = new Adopter({
    ...{ directory, path: "/cache", transport, adoptRunning, metrics, clock, log, signal: stop.signal },
    context: {
      ...{ nodeName: "n1", hookImageNames: ["mqtap-hook"], managedTapBindings: ["mqtap"] },
      cluster: createSizingCluster(transport),
      limits: async () => world.limits,
      sha256Hex: (text) => createHash("sha256").update(text).digest("hex"),
    },
    store: {
      get state() {
        return world.state;
      },
      change: async (change) => {
        world.state = change(world.state);
      },
    },
    plugin: {
      pluginPath: "/opt/cni/bin/mqtap",
      run: (call) =>
        new Promise((resolve) => {
          runs.push({ call, end: resolve });
          call.signal.addEventListener("abort", () => resolve({ kind: "failed", why: "the agent is stopping" }));
        }),
    },
    announced: new Announced(),
    events: { record: (event) => void events.push(event) },
    onPlanned: () => {
      world.planned += 1;
    },
    random: () => 0.5,
  });
  const ended = adopter.run();
  t.after(async () => {
    stop.abort();
    await ended;
  });
  const settle = (): Promise<void> => clock.advance(0);
  return {
    ...{ directory, clock, transport, world, runs, events, lines, metrics, settle },
    addVm: (shape: VmiShape = {}, pod: object = podObject()) => {
      transport.put(podPath, pod as ReturnType<typeof podObject>);
      transport.put(vmiPath, vmiObject(shape));
    },
    startPod: async () => {
      await settle();
      directory.write("net-c1-eth0", cacheEntry());
      await settle();
    },
    attachments: (): readonly Attachment[] => Object.values(world.state.attachments),
    /** The last run's words after "adopt". */
    words: () => runs.at(-1)?.call.args.slice(1).join(" "),
    /** Answers the last run. */
    report: async (ended: AdoptEnding, outcomes: Readonly<Record<string, Outcome>>) => {
      const taps = Object.entries(outcomes).map(([name, outcome]) => {
        return { name, queues: 4, outcome, why: outcome, qdiscBefore: "mq" };
      });
      const stdout = formatAdoptReport({ netns: "/run/netns/c1", ended, taps });
      runs.at(-1)?.end({ kind: "ended", status: 0, stdout, stderr: "" });
      await settle();
    },
  };
}
