// One file of libcni's cache (/var/lib/cni/results, type cachedInfo of libcni/api.go v1.3): what a runtime remembers of one
// attachment. It tells of pods without asking the API server. Pure.

/** A launcher's sandbox, as far as adoption needs it. */
export interface LauncherSandbox {
  readonly containerId: string;
  /** Path of its network namespace. */
  readonly netns: string;
  readonly podNamespace: string;
  readonly podName: string;
  /** Absent where the runtime does not say it. */
  readonly podUid: string | undefined;
}

export type CacheEntry =
  | { readonly kind: "launcher"; readonly sandbox: LauncherSandbox }
  /** Of a pod that is no launcher, or of none. */
  | { readonly kind: "other" }
  /** No entry of libcni, or not whole; a launcher's may lack the network namespace alone. */
  | { readonly kind: "unusable"; readonly why: string; readonly lacksNetns?: boolean };

const launcherPrefix = "virt-launcher-";
/** pkg/utils of cni v1.3: a container id. */
const containerIds = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$/;
/** Names of Kubernetes objects, RFC 1123. */
const objectNames = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const longestPath = 4096;

export function parseCacheEntry(text: string): CacheEntry {
  const entry = parseObject(text);
  if (entry === undefined) return unusable("it is no JSON object");
  if (entry["kind"] !== "cniCacheV1") return unusable('its kind is not "cniCacheV1"');
  const args = parseArgs(entry["cniArgs"]);
  if (args === undefined) return unusable("its cniArgs are no pairs of texts");
  const podName = args.get("K8S_POD_NAME");
  if (podName?.startsWith(launcherPrefix) !== true) return { kind: "other" };
  const { containerId, netns } = entry;
  const podNamespace = args.get("K8S_POD_NAMESPACE") ?? "";
  if (typeof containerId !== "string" || !containerIds.test(containerId)) return unusable("it has no containerId");
  if (!objectNames.test(podName) || !objectNames.test(podNamespace)) return unusable("it names no pod");
  if (netns === undefined || netns === "") {
    const why = "it names no network namespace: the runtime's libcni is too old for adoption (1.2 does)";
    return { ...unusable(why), lacksNetns: true };
  }
  if (typeof netns !== "string" || !isAbsolutePath(netns)) return unusable("its netns is no absolute path");
  const podUid = args.get("K8S_POD_UID");
  return {
    kind: "launcher",
    sandbox: { containerId, netns, podNamespace, podName, podUid: podUid === "" ? undefined : podUid },
  };
}

function unusable(why: string): Extract<CacheEntry, { readonly kind: "unusable" }> {
  return { kind: "unusable", why };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The last of equal names counts, as with a runtime's own environment. */
function parseArgs(args: unknown): ReadonlyMap<string, string> | undefined {
  if (args === undefined || args === null) return new Map();
  if (!Array.isArray(args)) return undefined;
  const found = new Map<string, string>();
  for (const pair of args) {
    if (!Array.isArray(pair)) return undefined;
    const [name, value, ...more]: readonly unknown[] = pair;
    if (typeof name !== "string" || typeof value !== "string" || more.length > 0) return undefined;
    found.set(name, value);
  }
  return found;
}

function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") && path.length < longestPath && !path.includes("\0");
}
