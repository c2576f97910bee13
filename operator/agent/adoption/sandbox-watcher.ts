// Which launchers have a sandbox on this node, by the entries of libcni's cache: told at once by inotify, and by a look at the
// whole directory every ten seconds, which finds what inotify lost.

import { type Clock, delay } from "../../kube/clock.ts";
import { describeError, type Log } from "../../kube/log.ts";
import type { CacheDirectory, CacheFile } from "./cache-directory.ts";
import { type CacheEntry, type LauncherSandbox, parseCacheEntry } from "./cache-entry.ts";

export interface SandboxWatcherOptions {
  readonly directory: CacheDirectory;
  /** For people. */
  readonly path: string;
  /** An entry appeared; for a sandbox that is known, another one. */
  readonly onEntry: (sandbox: LauncherSandbox) => void;
  /** The last entry of a sandbox is gone. */
  readonly onGone: (containerId: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

type Known =
  | { readonly kind: "launcher"; readonly containerId: string }
  | { readonly kind: "other" }
  /** Half written perhaps; said once it has stayed so. */
  | { readonly kind: "unusable"; readonly stamp: string; readonly isSaid: boolean; readonly lacksNetns: boolean };

/** Why launchers are not heard of: there is no such directory, it cannot be read, or its entries do not say enough. */
export type CacheTrouble = "absent" | "unreadable" | "without-netns";

interface UnusableFile {
  readonly file: Exclude<CacheFile, { readonly kind: "absent" }>;
  readonly entry: Pick<Extract<CacheEntry, { readonly kind: "unusable" }>, "why" | "lacksNetns">;
  readonly isRescan: boolean;
}

const unreadable = "cannot read the cache of the container runtime: taps of KubeVirt are not adopted";
const unwatched = "cannot watch the cache of the container runtime: it is read every 10 s instead";

const rescanMs = 10_000;
/** The runtime makes the directory with the node's first pod, which may be a launcher. */
const absentRescanMs = 1_000;
/** A node that is new has no pod yet, and so no cache. */
const absenceToReportMs = 60_000;
/** Runtimes are known to leave entries behind; beyond this nobody's memory shall pay for them. */
const mostEntries = 20_000;

export class SandboxWatcher {
  readonly #options: SandboxWatcherOptions;
  readonly #known = new Map<string, Known>();
  readonly #changed = new Set<string>();
  #wake = new AbortController();
  #watch: { readonly identity: string; readonly end: Disposable } | undefined;
  #isThere: boolean | undefined;
  #absentSinceMs: number | undefined;
  /** Failures that last. */
  readonly #said = new Set<string>();

  constructor(options: SandboxWatcherOptions) {
    this.#options = options;
  }

  /** Whether the runtime has this cache; undefined before the first look. */
  get isThere(): boolean | undefined {
    return this.#isThere;
  }

  /** What has lasted long enough to be a problem of the node. */
  get trouble(): CacheTrouble | undefined {
    if (this.#said.has(unreadable)) return "unreadable";
    const absentSinceMs = this.#absentSinceMs ?? Number.POSITIVE_INFINITY;
    if (this.#options.clock.monotonicMs() - absentSinceMs >= absenceToReportMs) return "absent";
    const isTooOld = [...this.#known.values()].some((known) => known.kind === "unusable" && known.lacksNetns);
    return isTooOld ? "without-netns" : undefined;
  }

  /** Until the signal is aborted. Never rejects. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options;
    const stop = (): void => this.#wake.abort();
    signal.addEventListener("abort", stop, { once: true });
    let nextScanMs = clock.monotonicMs();
    while (!signal.aborted) {
      if (clock.monotonicMs() >= nextScanMs) {
        await this.#scan();
        nextScanMs = clock.monotonicMs() + (this.#isThere === true ? rescanMs : absentRescanMs);
      }
      for (const name of this.#changed) {
        this.#changed.delete(name);
        await this.#look(name, false);
      }
      this.#wake = new AbortController();
      if (this.#changed.size > 0 || signal.aborted) continue;
      await delay(clock, nextScanMs - clock.monotonicMs(), this.#wake.signal);
    }
    signal.removeEventListener("abort", stop);
    this.#endWatch();
  }

  async #scan(): Promise<void> {
    const { directory } = this.#options;
    try {
      let listed = await directory.list();
      this.#tellPresence(listed !== undefined);
      if (listed === undefined) this.#endWatch();
      else if (this.#watch?.identity !== listed.identity) {
        this.#endWatch();
        this.#startWatch(listed.identity);
        // What was written between the list and the watch.
        listed = await directory.list();
      }
      const names = (listed?.names ?? []).slice(0, mostEntries);
      const present = new Set(names);
      for (const name of this.#known.keys()) if (!present.has(name)) this.#forget(name);
      for (const name of names) {
        const known = this.#known.get(name);
        if (known === undefined || known.kind === "unusable") await this.#look(name, true);
      }
      this.#said.delete(unreadable);
    } catch (error) {
      this.#warnOnce(unreadable, error);
    }
  }

  /** `isRescan`: whoever writes it has had ten seconds. */
  async #look(name: string, isRescan: boolean): Promise<void> {
    const file = await this.#options.directory.read(name);
    if (file.kind === "absent") {
      this.#forget(name);
      return;
    }
    const entry = file.kind === "text" ? parseCacheEntry(file.text) : { kind: "unusable" as const, why: file.why };
    if (entry.kind === "unusable") {
      this.#keepUnusable(name, { file, entry, isRescan });
      return;
    }
    const before = this.#known.get(name);
    if (entry.kind === "other") {
      this.#known.set(name, entry);
      return;
    }
    const { containerId } = entry.sandbox;
    if (before?.kind === "launcher" && before.containerId === containerId) return;
    this.#forget(name);
    this.#known.set(name, { kind: "launcher", containerId });
    this.#options.onEntry(entry.sandbox);
  }

  #keepUnusable(name: string, { file, entry, isRescan }: UnusableFile): void {
    const { path, log } = this.#options;
    const before = this.#known.get(name);
    // An entry is written in place: what was whole a moment ago is being written again.
    if (before?.kind === "launcher") return;
    const { stamp } = file;
    const { why, lacksNetns = false } = entry;
    const hasStayed = before?.kind === "unusable" && before.stamp === stamp;
    const isSaid = hasStayed && before.isSaid;
    const isSaying = hasStayed && isRescan && !isSaid;
    if (isSaying) log.warn("skipping an entry of the container runtime's cache", { file: `${path}/${name}`, why });
    this.#known.set(name, { kind: "unusable", stamp, isSaid: isSaid || isSaying, lacksNetns });
  }

  #forget(name: string): void {
    const known = this.#known.get(name);
    this.#known.delete(name);
    if (known?.kind !== "launcher") return;
    const { containerId } = known;
    for (const other of this.#known.values()) {
      if (other.kind === "launcher" && other.containerId === containerId) return;
    }
    this.#options.onGone(containerId);
  }

  #tellPresence(isThere: boolean): void {
    if (this.#isThere === isThere) return;
    this.#isThere = isThere;
    const { path, log, clock } = this.#options;
    this.#absentSinceMs = isThere ? undefined : clock.monotonicMs();
    if (isThere) log.info("watching the cache of the container runtime", { path });
    else {
      const hint = "if the runtime keeps it elsewhere, say --cni-cache-dir";
      log.warn("there is no cache of the container runtime: taps of KubeVirt are not adopted", { path, hint });
    }
  }

  #startWatch(identity: string): void {
    const onChange = (name: string): void => {
      this.#changed.add(name);
      this.#wake.abort();
    };
    try {
      this.#watch = { identity, end: this.#options.directory.watch(onChange, () => this.#endWatch()) };
      this.#said.delete(unwatched);
    } catch (error) {
      this.#warnOnce(unwatched, error);
    }
  }

  #endWatch(): void {
    this.#watch?.end[Symbol.dispose]();
    this.#watch = undefined;
  }

  #warnOnce(message: string, error: unknown): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#options.log.warn(message, { path: this.#options.path, error: describeError(error) });
  }
}
