// Keeps a local copy of a collection true: lists, watches, and starts over by the rules that large clusters have taught.
// Listing again is for what a watch cannot heal; everything else waits with back-off and goes on where it was.
import { backoffDelayMs } from "./backoff.ts";
import { type Clock, delay } from "./clock.ts";
import { listAll, readOne } from "./list-pages.ts";
import { describeError, type Log } from "./log.ts";
import { objectId } from "./object-meta.ts";
import { type Change, ReflectedStore } from "./reflected-store.ts";
import { isGone, KubeApiError, KubeConnectionError, type KubeTransport } from "./transport.ts";
import { type WatchEvent, WatchStalledError, watchOnce } from "./watch-once.ts";

/** What a reflector watches, and how. */
export interface ReflectorOptions<T> {
  readonly transport: KubeTransport;
  /** Of the collection. */
  readonly path: string;
  /** Only the object of this name. It is read by GET, so that the rights `get` and `watch` suffice. */
  readonly name?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** Projection of an object. undefined: not of interest (leaves the store). A throw is reported, and the object last
   * known stays in the store. */
  readonly parse: (object: unknown) => T | undefined;
  readonly keyOf: (object: T) => string;
  /** Called after the store has changed, outside the read loop; what it throws is logged. */
  readonly onChange: (key: string, change: Change<T>) => void;
  /** Between projections that are the same no change is told; never the same unless told. */
  readonly isSame?: ((a: T, b: T) => boolean) | undefined;
  readonly clock: Clock;
  /** 0 <= x < 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How a reflector is doing. */
interface ReflectorHealth {
  readonly synced: boolean;
  /** A watch is open. */
  readonly connected: boolean;
  /** Failures in a row. */
  readonly failures: number;
  readonly lists: number;
  readonly watches: number;
  readonly parseFailures: number;
  readonly lastError: string | undefined;
}

/** A running reflector. */
export interface Reflector<T> {
  /** Frozen projections by key. */
  readonly store: ReadonlyMap<string, T>;
  /** The first list is in the store and its changes were handed out; rejects if aborted before. */
  readonly synced: Promise<void>;
  /** The loop has ended (after the signal). Never rejects. */
  readonly done: Promise<void>;
  health(): ReflectorHealth;
}

/** A watch that ends sooner without having told anything is a failure, else a sick server would be asked in a hot loop. */
const shortestWatchMs = 1000;
/** After so many failures to go on from the last resource version, it is not trusted any more. */
const mostResumes = 5;

/** Lists, watches, and keeps the store true until the signal is aborted. */
export function startReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const { transport, path, clock, random, signal } = options;
  const log = options.log.child({ path });
  const { name, labelSelector } = options;
  const fieldSelector = name === undefined ? undefined : `metadata.name=${name}`;
  const query = { fieldSelector, labelSelector };
  const synced = Promise.withResolvers<void>();
  synced.promise.catch(() => undefined); // whoever does not wait need not handle it
  const health = { synced: false, connected: false, failures: 0, lists: 0, watches: 0, parseFailures: 0 };
  let lastError: string | undefined;
  /** undefined: list first. */
  let resourceVersion: string | undefined;

  const store = new ReflectedStore<T>({
    parse: options.parse,
    keyOf: options.keyOf,
    isSame: options.isSame ?? (() => false),
    changed: createDispatch(options.onChange, log),
    parseFailed(id, error) {
      health.parseFailures += 1;
      log.warn("cannot parse object, keeping what was known of it", { object: id, error: describeError(error) });
    },
  });

  const list = async (): Promise<string> => {
    health.lists += 1;
    const project = (object: unknown) => store.project(object);
    const listed = await (name === undefined
      ? listAll({ transport, path, query, signal, project })
      : readOne({ transport, path: `${path}/${name}`, signal, project }));
    store.replace(listed.items);
    if (!health.synced) {
      health.synced = true;
      queueMicrotask(synced.resolve);
    }
    return listed.resourceVersion;
  };

  const apply = (event: WatchEvent): void => {
    if (event.type === "DELETED") {
      store.remove(objectId(event.object));
    } else if (event.type !== "BOOKMARK") {
      store.set(store.project(event.object));
    }
  };

  const watch = async (from: string): Promise<void> => {
    const startedMs = clock.monotonicMs();
    let hasAdvanced = false;
    health.watches += 1;
    try {
      await watchOnce({
        transport,
        path,
        query,
        resourceVersion: from,
        clock,
        random,
        signal,
        onOpen() {
          health.connected = true;
        },
        onEvent(event) {
          apply(event);
          if (event.resourceVersion !== undefined && event.resourceVersion !== resourceVersion) {
            resourceVersion = event.resourceVersion;
            hasAdvanced = true;
            health.failures = 0;
          }
        },
      });
    } finally {
      health.connected = false;
    }
    if (!hasAdvanced && clock.monotonicMs() - startedMs < shortestWatchMs) {
      throw new WatchStalledError("the watch ended at once without an event");
    }
    health.failures = 0;
  };

  const recover = async (error: unknown): Promise<void> => {
    health.failures += 1;
    lastError = describeError(error);
    if (!canResume(error) || health.failures % mostResumes === 0) {
      resourceVersion = undefined;
    }
    if (isGone(error) && health.failures === 1) {
      log.info("resource version expired, listing again");
      return;
    }
    const delayMs = Math.round(backoffDelayMs(health.failures, random, error));
    log.warn("watch failed, will retry", { failures: health.failures, delayMs, error: lastError });
    await delay(clock, delayMs, signal);
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        resourceVersion ??= await list();
        await watch(resourceVersion);
      } catch (error) {
        if (!signal.aborted) {
          await recover(error);
        }
      }
    }
    synced.reject(signal.reason);
  };

  return {
    store: store.objects,
    synced: synced.promise,
    done: run(),
    health: () => ({ ...health, lastError: health.failures === 0 ? undefined : lastError }),
  };
}

/** True when the last resource version is as good as before: the server was busy or could not be reached. */
function canResume(error: unknown): boolean {
  if (error instanceof KubeApiError) {
    return error.status === 429 || (error.status >= 500 && !isGone(error));
  }
  return error instanceof KubeConnectionError || error instanceof WatchStalledError;
}

/** Hands changes out in order, after the read loop has let go; what a receiver throws ends there. */
function createDispatch<T>(
  onChange: (key: string, change: Change<T>) => void,
  log: Log,
): (key: string, change: Change<T>) => void {
  return (key, change) =>
    queueMicrotask(() => {
      const complain = (error: unknown): void =>
        log.error("a receiver of changes failed", { key, error: describeError(error) });
      try {
        const result: unknown = onChange(key, change);
        if (result instanceof Promise) {
          result.catch(complain);
        }
      } catch (error) {
        complain(error);
      }
    });
}
