// A node as the controller sees it: five facts of an object of 10 to 50 kB, so that thousands fit in memory and a
// kubelet's heartbeat compares equal to the one before.
import { isRecord, parseObjectMeta } from "../kube/object-meta.ts";

/** The label that says what the scheduler may count on. */
export const maxQueuesLabel = "mqtap.io/max-queues";

/** The projection of a Node. */
export interface ObservedNode {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isLinux: boolean;
  /** Its Ready condition is True: the kubelet reports. */
  readonly isReady: boolean;
}

/** Projects a Node; one that names no operating system (made by hand, without kubelet) is taken for Linux.
 * @throws TypeError when it has no name. */
export function parseNode(object: unknown): ObservedNode {
  const { name, uid, labels } = parseObjectMeta(object);
  const status = recordAt(object, "status");
  const system = labels["kubernetes.io/os"] ?? recordAt(status, "nodeInfo")["operatingSystem"];
  return {
    name,
    uid,
    labels,
    isLinux: typeof system !== "string" || system === "" || system === "linux",
    isReady: isReady(status["conditions"]),
  };
}

/** True when nothing that the controller looks at differs. */
export function isSameNode(a: ObservedNode, b: ObservedNode): boolean {
  const keys = Object.keys(a.labels);
  return (
    a.uid === b.uid &&
    a.isLinux === b.isLinux &&
    a.isReady === b.isReady &&
    keys.length === Object.keys(b.labels).length &&
    keys.every((key) => a.labels[key] === b.labels[key])
  );
}

function isReady(conditions: unknown): boolean {
  return (
    Array.isArray(conditions) &&
    conditions.some((c: unknown) => isRecord(c) && c["type"] === "Ready" && c["status"] === "True")
  );
}

function recordAt(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const inner = isRecord(value) ? value[key] : undefined;
  return isRecord(inner) ? inner : {};
}
