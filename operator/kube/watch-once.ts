// One watch from its opening to its end: bookmarks asked for, quiet streams given up (bookmarks come every minute, so two
// minutes of silence are a dead connection), and a hard end for servers that forget their own time limit.
import { openAbortScope } from "./abort-scope.ts";
import type { Clock } from "./clock.ts";
import { errorFromStatus } from "./http-answer.ts";
import { isRecord } from "./object-meta.ts";
import { type KubeQuery, type KubeTransport, MalformedFrameError } from "./transport.ts";

/** A change of one object; bookmarks carry only a resource version. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: unknown;
  readonly resourceVersion: string | undefined;
}

/** Where to watch from, and who hears of it. */
export interface WatchOnceOptions {
  readonly transport: KubeTransport;
  readonly path: string;
  readonly query: KubeQuery;
  /** Empty: from the newest, beginning with what there is. */
  readonly resourceVersion: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onEvent: (event: WatchEvent) => void;
}

/** No frame in this time, not even a bookmark: the connection is dead. */
const inactivityMs = 120_000;
const shortestTimeoutSeconds = 300;
const graceMs = 5_000;

/** The stream fell silent or did not end when it should have. */
export class WatchStalledError extends Error {
  override readonly name = "WatchStalledError";
}

/** Watches until the server ends the stream.
 * @throws KubeApiError for an answer or an ERROR frame, KubeConnectionError, MalformedFrameError, WatchStalledError. */
export async function watchOnce(options: WatchOnceOptions): Promise<void> {
  const { transport, path, query, resourceVersion, clock, random, signal } = options;
  const timeoutSeconds = shortestTimeoutSeconds + Math.floor(random() * shortestTimeoutSeconds);
  using silence = openAbortScope({
    clock,
    parents: [signal],
    timeoutMs: inactivityMs,
    onTimeout: () => new WatchStalledError(`no frame in ${inactivityMs / 1000} s`),
  });
  using whole = openAbortScope({
    clock,
    parents: [silence.signal],
    timeoutMs: timeoutSeconds * 1000 + graceMs,
    onTimeout: () => new WatchStalledError(`the watch did not end after ${timeoutSeconds} s`),
  });
  const frames = await transport.watch({
    method: "GET",
    path,
    query: {
      ...query,
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds,
      resourceVersion: resourceVersion === "" ? undefined : resourceVersion,
    },
    signal: whole.signal,
  });
  options.onOpen();
  for await (const frame of frames) {
    silence.limit(inactivityMs);
    options.onEvent(parseWatchEvent(frame));
  }
}

function parseWatchEvent(frame: unknown): WatchEvent {
  const { type, object } = isRecord(frame) ? frame : {};
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
    case "BOOKMARK":
      return { type, object, resourceVersion: resourceVersionOf(object) };
    case "ERROR":
      throw errorFromStatus(object);
    default:
      throw new MalformedFrameError("frame is not a watch event");
  }
}

function resourceVersionOf(object: unknown): string | undefined {
  const metadata = isRecord(object) ? object["metadata"] : undefined;
  const version = isRecord(metadata) ? metadata["resourceVersion"] : undefined;
  return typeof version === "string" && version !== "" ? version : undefined;
}
