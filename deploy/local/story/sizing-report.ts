// The two tables of the story: what mqtap decided for each VM and why, and what the kernel says about the taps.
import { parseAlias } from "../../../cni/tap/alias.ts";
import { attachedQueues, type ReportedLink } from "./link-reader.ts";
import type { ConsumerAnswer } from "./queue-consumer-protocol.ts";
import { type Column, formatTable } from "./table.ts";

/** Everything known about one tap of one VM. */
export interface SizedTap {
  readonly vm: string;
  readonly vcpus: number;
  readonly node: string;
  /** The node's limit and who set it. */
  readonly limit: string;
  readonly setBy: string;
  readonly why: string;
  readonly tap: string;
  readonly link: ReportedLink | undefined;
  readonly opened: ConsumerAnswer;
}

/** Taps of one VM that came out alike. */
interface Group {
  readonly first: SizedTap;
  readonly count: number;
}

const ownerOf = ({ link }: SizedTap): string => `${link?.tap?.owner ?? "-"}:${link?.tap?.group ?? "-"}`;

const decisionColumns: readonly Column<Group>[] = [
  { title: "VM", text: ({ first }) => first.vm },
  { title: "NICs", text: ({ count }) => String(count), alignRight: true },
  { title: "vCPUs", text: ({ first }) => String(first.vcpus), alignRight: true },
  { title: "NODE", text: ({ first }) => first.node },
  { title: "LIMIT", text: ({ first }) => first.limit, alignRight: true },
  { title: "SET BY", text: ({ first }) => first.setBy },
  { title: "E", text: ({ first }) => String(queuesOf(first.link) ?? "-"), alignRight: true },
  { title: "WHY", text: ({ first, count }) => (count > 1 ? `${first.why} (all ${count} alike)` : first.why) },
];

const kernelColumns: readonly Column<Group>[] = [
  { title: "VM", text: ({ first }) => first.vm },
  { title: "TAP", text: ({ first, count }) => (count > 1 ? `${first.tap} +${count - 1}` : first.tap) },
  { title: "MULTI_QUEUE", text: ({ first }) => (first.link?.tap?.isMultiQueue === true ? "on" : "off") },
  { title: "OWNER", text: ({ first }) => ownerOf(first) },
  { title: "QDISC", text: ({ first }) => first.link?.qdisc ?? "-" },
  { title: "OPENED", text: ({ first }) => openedText(first.opened), alignRight: true },
  { title: "NUMQUEUES", text: ({ first }) => String(attachedQueues(first.link) ?? "1 (single)"), alignRight: true },
  { title: "ALIAS", text: ({ first }) => shortAlias(first.link?.alias) },
];

/** "VM, vCPUs, node limit, who set it, E, why." */
export function decisionTable(taps: readonly SizedTap[]): readonly string[] {
  return formatTable(groupAlike(taps), decisionColumns, 114);
}

/** "What the kernel says." */
export function kernelTable(taps: readonly SizedTap[]): readonly string[] {
  return formatTable(groupAlike(taps), kernelColumns, 114);
}

/** E as the tap itself carries it; undefined for a link that is not ours. */
export function queuesOf(link: ReportedLink | undefined): number | undefined {
  return parseAlias(link?.alias)?.queues;
}

function groupAlike(taps: readonly SizedTap[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const tap of taps) {
    const key = JSON.stringify([tap.vm, queuesOf(tap.link), tap.opened, attachedQueues(tap.link), ownerOf(tap)]);
    const group = groups.get(key);
    groups.set(key, { first: group?.first ?? tap, count: (group?.count ?? 0) + 1 });
  }
  return [...groups.values()];
}

function openedText({ opened, error }: ConsumerAnswer): string {
  return error === undefined ? String(opened) : `${opened}, then ${error}`;
}

/** The ids are for the plugin; a person needs their beginning at most. */
function shortAlias(alias: string | undefined): string {
  return alias?.replaceAll(/\b([na])=([0-9a-f]{4})[0-9a-f]+/g, "$1=$2…") ?? "-";
}
