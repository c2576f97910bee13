// Events (events.k8s.io/v1), written in the background: recording one never throws and never waits, memory is bounded, and
// what happens again becomes a count on the first event instead of another event.
import { mergePatch } from "./apply.ts";
import { backoffDelayMs } from "./backoff.ts";
import { type Clock, delay, type Timer } from "./clock.ts";
import { type Occurrence, type Series, SeriesMemory } from "./event-series.ts";
import { LeadershipLostError } from "./fenced-transport.ts";
import { describeError, type Log } from "./log.ts";
import { microTime } from "./micro-time.ts";
import { resourcePath } from "./resource-path.ts";
import { isConflict, isNotFound, KubeApiError, type KubeTransport } from "./transport.ts";

/** What an event is about. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Absent for cluster-scoped objects: their events lie in "default". */
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
}

/** An event as its author states it. */
export interface NewEvent {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference | undefined;
  readonly type: "Normal" | "Warning";
  /** UpperCamel. */
  readonly reason: string;
  /** UpperCamel verb: what was done or tried. */
  readonly action: string;
  /** For people; 1024 characters are kept. */
  readonly note: string;
}

/** Who reports, and through what. */
export interface EventRecorderOptions {
  readonly transport: KubeTransport;
  /** The component, e.g. "mydaemon". */
  readonly reportingController: string;
  /** Which of its instances: a pod's or a node's name. */
  readonly reportingInstance: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Writes events in the background. */
export interface EventRecorder {
  record(event: NewEvent): void;
  /** Waits until everything recorded so far is written or given up, but five seconds at most: an API server that is down
   * must hold no process up. Counts held back are written at once. */
  flush(): Promise<void>;
}

const longestNote = 1024; // bytes and characters alike: kubernetes pkg/apis/core/validation/events.go, NoteLengthLimit
const longestWord = 128; // ReasonLengthLimit, ActionLengthLimit, ReportingInstanceLengthLimit of the same file
const mostWaiting = 1000;
const mostTries = 5;
/** A series is written at its second occurrence, and then at most this often. */
const seriesIntervalMs = 60_000;
const longestFlushMs = 5_000;

/** A recorder with an empty memory. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { clock, random, log } = options;
  const memory = new SeriesMemory();
  const heldBack = new Map<Series, Timer>();
  let waiting = 0;
  let dropped = 0;
  let tail: Promise<void> = Promise.resolve();

  const enqueue = (write: () => Promise<void>): void => {
    if (waiting >= mostWaiting) {
      dropped += 1;
      return;
    }
    waiting += 1;
    tail = tail.then(async () => {
      await tryToWrite(options, write);
      waiting -= 1;
      if (waiting === 0 && dropped > 0) {
        log.warn("events were dropped", { dropped });
        dropped = 0;
      }
    });
  };

  const writeCount = (series: Series): void => {
    heldBack.get(series)?.cancel();
    heldBack.delete(series);
    enqueue(async () => {
      const count = series.count;
      if (count > series.writtenCount) {
        await patchSeries(options, series, count, () => memory.forget(series));
        series.writtenCount = count;
      }
    });
  };

  return {
    record(event) {
      const nameIt = (): string => eventName(event.regarding.name, clock.now(), random);
      const verdict = memory.judge(occurrenceOf(event), clock.monotonicMs(), nameIt);
      switch (verdict.kind) {
        case "tooMany":
          dropped += 1;
          return;
        case "new": {
          const { series } = verdict;
          const body = eventBody(options, event, series);
          enqueue(async () => {
            await createEvent(options, body, series);
            series.writtenCount = 1;
          });
          return;
        }
        case "again": {
          const { series } = verdict;
          if (series.count === 2) {
            writeCount(series);
          } else if (!heldBack.has(series)) {
            heldBack.set(
              series,
              clock.after(seriesIntervalMs, () => writeCount(series)),
            );
          }
          return;
        }
        default:
          verdict satisfies never;
      }
    },
    async flush() {
      for (const series of [...heldBack.keys()]) {
        writeCount(series);
      }
      const written = new AbortController();
      void tail.then(() => written.abort());
      await Promise.race([tail, delay(clock, longestFlushMs, written.signal)]);
    },
  };
}

function occurrenceOf({ regarding, related, type, reason, action, note }: NewEvent): Occurrence {
  return {
    key: JSON.stringify([regarding, related, type, reason, action, note]),
    object: JSON.stringify(regarding),
    namespace: regarding.namespace ?? "default",
  };
}

/** Tries a write a few times; never throws: an event is not worth more. */
async function tryToWrite({ clock, random, log }: EventRecorderOptions, write: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await write();
      return;
    } catch (error) {
      if (isFinal(error) || tries === mostTries) {
        log.warn("cannot write event, giving it up", { tries, error: describeError(error) });
        return;
      }
      await delay(clock, backoffDelayMs(tries, random, error));
    }
  }
}

/** True when another try cannot do better. */
function isFinal(error: unknown): boolean {
  if (error instanceof KubeApiError) {
    return error.status < 500 && error.status !== 429;
  }
  return error instanceof LeadershipLostError;
}

function eventBody(
  { clock, reportingController, reportingInstance }: EventRecorderOptions,
  event: NewEvent,
  to: Series,
) {
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: to.name, namespace: to.namespace },
    eventTime: microTime(clock.now()),
    reportingController,
    reportingInstance: reportingInstance.slice(0, longestWord),
    action: event.action.slice(0, longestWord),
    reason: event.reason.slice(0, longestWord),
    regarding: event.regarding,
    related: event.related,
    type: event.type,
    note: cutBytes(event.note, longestNote),
  };
}

async function createEvent({ transport }: EventRecorderOptions, body: object, { namespace }: Series): Promise<void> {
  const path = resourcePath({ group: "events.k8s.io", version: "v1", plural: "events", namespace });
  try {
    await transport.request({ method: "POST", path, body });
  } catch (error) {
    if (!isConflict(error)) {
      throw error; // a conflict means that an earlier try did arrive
    }
  }
}

async function patchSeries(
  { transport, clock, reportingController }: EventRecorderOptions,
  { name, namespace }: Series,
  count: number,
  onGone: () => void,
): Promise<void> {
  const path = resourcePath({ group: "events.k8s.io", version: "v1", plural: "events", namespace, name });
  const patch = { series: { count, lastObservedTime: microTime(clock.now()) } };
  try {
    await mergePatch({ transport, path, patch, fieldManager: reportingController });
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
    onGone(); // events live an hour: the next occurrence is a new one
  }
}

function eventName(object: string, now: Date, random: () => number): string {
  const unique = `${now.getTime().toString(16)}${Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0")}`;
  return `${object.slice(0, 253 - unique.length - 1)}.${unique}`;
}

/** At most so many bytes of UTF-8, never half a character. */
function cutBytes(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}
