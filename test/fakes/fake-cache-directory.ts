// The directory of libcni's cache in memory: a test puts entries there, with or without inotify noticing.

import type { CacheDirectory, CacheFile } from "../../operator/agent/adoption/cache-directory.ts";

/** An entry as libcni writes it for a launcher of VM "win" (test/agent/objects.ts), unless told otherwise. */
export function cacheEntry(part: { containerId?: string; podName?: string; podUid?: string; ifName?: string } = {}) {
  const { containerId = "c1", podName = "virt-launcher-win-x", podUid = "p1", ifName = "eth0" } = part;
  const cniArgs = [
    ["K8S_POD_NAMESPACE", "shop"],
    ["K8S_POD_NAME", podName],
    ["K8S_POD_UID", podUid],
  ];
  return JSON.stringify({ kind: "cniCacheV1", containerId, ifName, netns: `/run/netns/${containerId}`, cniArgs });
}

export class FakeCacheDirectory implements CacheDirectory {
  readonly #files = new Map<string, { readonly file: CacheFile }>();
  #listener: { readonly change: (name: string) => void; readonly end: () => void } | undefined;
  #stamp = 0;
  isThere = true;
  identity = "1:1";
  /** What list() throws. */
  failure: Error | undefined;
  canWatch = true;
  /** How often a file was read. */
  reads = 0;

  get isWatched(): boolean {
    return this.#listener !== undefined;
  }

  /** Writes a file; without `isNoticed` inotify has lost it. */
  write(name: string, text: string, { isNoticed = true } = {}): void {
    this.#stamp += 1;
    this.#files.set(name, { file: { kind: "text", text, stamp: String(this.#stamp) } });
    if (isNoticed) this.#listener?.change(name);
  }

  remove(name: string, { isNoticed = true } = {}): void {
    this.#files.delete(name);
    if (isNoticed) this.#listener?.change(name);
  }

  async list() {
    if (this.failure !== undefined) throw this.failure;
    return this.isThere ? { names: [...this.#files.keys()], identity: this.identity } : undefined;
  }

  async read(name: string): Promise<CacheFile> {
    this.reads += 1;
    return this.#files.get(name)?.file ?? { kind: "absent" };
  }

  watch(change: (name: string) => void, end: () => void): Disposable {
    if (!this.canWatch) throw new Error("ENOSPC: too many watches");
    const listener = { change, end };
    this.#listener = listener;
    return {
      [Symbol.dispose]: () => {
        if (this.#listener === listener) this.#listener = undefined;
      },
    };
  }
}
