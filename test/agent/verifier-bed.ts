// A verifier on a node whose taps, pods and limits the test sets.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { InspectReport } from "../../cni/inspect/report.ts";
import type { NodeLimits } from "../../operator/agent/sizing/caps.ts";
import { type LauncherPod, parsePod } from "../../operator/agent/sizing/pod.ts";
import { type AgentState, type Attachment, emptyState, withAttachment } from "../../operator/agent/state.ts";
import { Verifier } from "../../operator/agent/verification/verifier.ts";
import type { NewEvent } from "../../operator/kube/events.ts";
import { createMetricsRegistry } from "../../operator/kube/metrics.ts";
import { FakeClock } from "../fakes/fake-clock.ts";
import { createMemoryLog } from "../fakes/memory-log.ts";
import { nodeLimits, podObject } from "./objects.ts";
import { aliasOf, attachmentOf, idA, netns, reportOf, tapOf } from "./taps.ts";

const four = nodeLimits({ maxQueues: 4 });
export const opens = (queues: number, id = idA, place = netns) =>
  tapOf({ attachedQueues: queues, alias: aliasOf(id), netns: place });
export const pending = parsePod(podObject());
export const running: LauncherPod = { ...pending, isRunning: true };

/** It ends with the test, and must leave no timer. */
export function verifierBed(
  t: TestContext,
  attachments: Readonly<Record<string, Attachment>> = { [idA]: attachmentOf() },
) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const { log, lines } = createMemoryLog();
  const events: NewEvent[] = [];
  const metrics = createMetricsRegistry();
  const world = {
    report: reportOf([]) as InspectReport | Error,
    pod: pending as LauncherPod | undefined | Error,
    limits: four as NodeLimits | undefined,
    state: { ...emptyState("b1"), attachments } as AgentState,
    lookedAtMs: [] as number[],
    asked: 0,
    written: 0,
    diskFails: false,
    told: [] as (number | null | undefined)[],
  };
  const answer = <T>(value: T | Error): Promise<T> =>
    value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
  const verifier: Verifier = new Verifier({
    take: () => {
      world.lookedAtMs.push(clock.monotonicMs());
      return answer(world.report);
    },
    store: {
      get state() {
        return world.state;
      },
      change: (change) => {
        world.state = change(world.state);
        world.written += 1;
        return world.diskFails ? Promise.reject(new Error("ENOSPC")) : Promise.resolve();
      },
    },
    cluster: {
      pod: () => {
        world.asked += 1;
        return answer(world.pod);
      },
    },
    limits: () => world.limits,
    events: { record: (event) => void events.push(event) },
    ...{ metrics, clock, log, signal: stop.signal },
    random: () => 0,
    intervalMs: 30_000,
    overLimitIntervalMs: 60_000,
    onOverLimit: () => world.told.push(verifier.overLimit),
  });
  const ended = verifier.run();
  t.after(async () => {
    stop.abort();
    await ended;
    assert.deepEqual(clock.pendingMs, []);
  });
  const reasons = () => events.map(({ reason }) => reason);
  const add = (id: string, attachment: Attachment): void => {
    verifier.expect();
    world.state = withAttachment(world.state, id, attachment);
  };
  const set = (part: Partial<typeof world>): void => void Object.assign(world, part);
  return { world, set, verifier, clock, events, reasons, lines, metrics, add };
}
