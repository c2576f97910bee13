// What has to be done so that the wanted tap exists, as data. Everything that can fail happens while the tap still dies with
// its descriptor; `persist` comes last, so that a plugin killed at any instruction leaves nothing or a whole tap.

import type { Link, TapOperation } from "../kernel/kernel.ts";
import { formatAlias, parseAlias, type TapMode } from "./alias.ts";

export interface WantedTap {
  readonly name: string;
  readonly mode: TapMode;
  /** E: how many queues the VM will open. The tap itself keeps one bit, E > 1. */
  readonly queues: number;
  readonly owner: number;
  readonly group: number;
  readonly mac: string | undefined;
  readonly mtuBytes: number | undefined;
  readonly qdisc: "noqueue" | "default";
  readonly bridge: string | undefined;
  /** SELinux label of the tap; undefined is the plugin's own. */
  readonly selinuxContext: string | undefined;
  readonly networkId: string;
  readonly attachmentId: string;
}

export interface CreationPlan {
  readonly kind: "create";
  /** Our own leftover (equal attachment id), to be removed first. */
  readonly replaces: Link | undefined;
  readonly isMultiQueue: boolean;
  readonly operations: readonly TapOperation[];
}

export type TapPlan =
  | CreationPlan
  /** The name is taken by what is not ours to touch. */
  | { readonly kind: "conflict"; readonly found: Link; readonly why: string };

/** `found` is the link that has the wanted name now. */
export function planTap(wanted: WantedTap, found: Link | undefined): TapPlan {
  const why = found === undefined ? undefined : conflictWith(wanted, found);
  if (found !== undefined && why !== undefined) return { kind: "conflict", found, why };
  return {
    kind: "create",
    replaces: found,
    isMultiQueue: wanted.queues > 1,
    operations: operationsFor(wanted),
  };
}

function operationsFor(wanted: WantedTap): readonly TapOperation[] {
  const { mode, queues, networkId, attachmentId, mac, mtuBytes, qdisc, bridge } = wanted;
  const operations: TapOperation[] = [
    { kind: "setOwner", uid: wanted.owner },
    { kind: "setGroup", gid: wanted.group },
  ];
  if (mac !== undefined) operations.push({ kind: "setMac", mac });
  if (mtuBytes !== undefined) operations.push({ kind: "setMtu", mtuBytes });
  operations.push({ kind: "setAlias", alias: formatAlias({ mode, queues, networkId, attachmentId }) });
  // Before UP: a default qdisc is built when a link comes up, and most of its memory stays.
  if (qdisc === "noqueue") operations.push({ kind: "setQdisc", qdisc });
  if (bridge !== undefined) operations.push({ kind: "setMaster", bridge });
  operations.push({ kind: "setUp" }, { kind: "persist" });
  return operations;
}

/** Whether the link carries this attachment's mark: the only ones that are ever replaced or removed. */
export function isOfAttachment(link: Link, attachmentId: string): boolean {
  const alias = parseAlias(link.alias);
  return alias !== undefined && alias.mode !== "adopted" && alias.attachmentId === attachmentId;
}

function conflictWith(wanted: WantedTap, found: Link): string | undefined {
  const queues = (found.tap?.queues ?? 0) + (found.tap?.disabledQueues ?? 0);
  if (found.tap?.isTap !== true) return `it is ${describeKind(found)}`;
  if (!isOfAttachment(found, wanted.attachmentId)) {
    return parseAlias(found.alias) === undefined
      ? `it is a tap that mqtap did not make${found.alias === undefined ? "" : ` (alias ${JSON.stringify(found.alias)})`}`
      : "it is mqtap's tap of another attachment";
  }
  if (queues > 0) return `it is this attachment's own tap, and a program has ${queues} of its queues open`;
  // A single-queue tap does not count its queue, but has a carrier only as long as it is open.
  const isOpen = found.tap.queues === undefined && found.hasCarrier;
  return isOpen ? "it is this attachment's own tap, and a program has its queue open" : undefined;
}

function describeKind(link: Link): string {
  return link.kind === undefined ? "a link without kind" : `a link of kind ${JSON.stringify(link.kind)}`;
}
