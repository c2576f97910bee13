// A reflector against the scripted API server, on a clock moved by hand: what its tests share.
import assert from "node:assert/strict";
import { createInClusterTransport } from "../../operator/kube/in-cluster-transport.ts";
import { isRecord, parseObjectMeta } from "../../operator/kube/object-meta.ts";
import type { Change } from "../../operator/kube/reflected-store.ts";
import { type Reflector, type ReflectorOptions, startReflector } from "../../operator/kube/reflector.ts";
import { eventually } from "./eventually.ts";
import { FakeClock } from "./fake-clock.ts";
import { createMemoryLog } from "./memory-log.ts";
import { ScriptedApiServer, type ScriptedRequest } from "./scripted-api-server.ts";

/** What the reflector under test keeps of an object. */
export interface Thing {
  readonly name: string;
  readonly resourceVersion: string;
  readonly size: number;
}

function parseThing(object: unknown): Thing | undefined {
  const { name, resourceVersion } = parseObjectMeta(object);
  const size = isRecord(object) ? object["size"] : undefined;
  if (typeof size !== "number") {
    throw new TypeError("size is not a number");
  }
  return size < 0 ? undefined : { name, resourceVersion, size };
}

/** An object as the API server sends it; a negative size is of no interest, one that is no number cannot be parsed. */
export function thing(name: string, resourceVersion: number, size: unknown = 1): object {
  return { metadata: { name, resourceVersion: String(resourceVersion) }, size };
}

/** The reflector, its server, its clock, and what it told. */
export class ReflectorBed implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly changes: string[] = [];
  readonly server: ScriptedApiServer;
  readonly reflector: Reflector<Thing>;
  readonly log = createMemoryLog();
  readonly #stop = new AbortController();

  constructor(server: ScriptedApiServer, options: Partial<ReflectorOptions<Thing>> = {}) {
    this.server = server;
    const { caFile, tokenFile } = server;
    this.reflector = startReflector<Thing>({
      transport: createInClusterTransport({ server: server.url, caFile, tokenFile, clock: this.clock }),
      path: "/apis/test/v1/things",
      parse: parseThing,
      keyOf: ({ name }) => name,
      onChange: (key, change) => this.changes.push(describeChange(key, change)),
      clock: this.clock,
      random: () => 0.5,
      log: this.log.log,
      signal: this.#stop.signal,
      ...options,
    });
  }

  static async open(options: Partial<ReflectorOptions<Thing>> = {}): Promise<ReflectorBed> {
    return new ReflectorBed(await ScriptedApiServer.start(), options);
  }

  /** Answers the first list and opens the watch. */
  async listed(items: readonly unknown[], resourceVersion: string): Promise<ScriptedRequest> {
    (await this.server.next()).answerList(items, resourceVersion);
    return this.watching();
  }

  async watching(): Promise<ScriptedRequest> {
    const watch = await this.server.next();
    assert.equal(watch.isWatch, true);
    watch.openWatch();
    await eventually("the watch to be open", () => this.reflector.health().connected);
    return watch;
  }

  /** Waits for a back-off of about so long, and lets it pass. */
  async backoff(ms: number): Promise<void> {
    await eventually(`a back-off of ${ms} ms`, () => this.clock.pendingMs.includes(ms));
    await this.clock.advance(ms);
  }

  get names(): readonly string[] {
    return [...this.reflector.store.keys()].sort();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"));
    await this.reflector.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    assert.deepEqual(this.clock.pendingMs, [], "no timer is left");
    await this.server[Symbol.asyncDispose]();
  }
}

function describeChange(key: string, change: Change<Thing>): string {
  const sign = change.kind === "deleted" ? "-" : "+";
  const before = change.kind === "set" && change.previous !== undefined ? `${change.previous.size}>` : "";
  return `${sign}${key}:${before}${change.object.size}`;
}
