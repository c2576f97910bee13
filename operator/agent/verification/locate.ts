// Which tap of a report belongs to an attachment. The pod's namespace and the tap's name say it, once known; before that
// the attachment id in the tap's alias, which a container with NET_ADMIN can change. Pure.

import type { InspectFailure, InspectReport, TapReport } from "../../../cni/inspect/report.ts";
import type { AgentState, Attachment } from "../state.ts";

export type Location =
  | { readonly kind: "found"; readonly tap: TapReport }
  /** No such tap, and everything where it could be was read. */
  | { readonly kind: "absent" }
  /** Where it could be was not read, or two taps claim to be it. */
  | { readonly kind: "unknown" };

/** By attachment id, one for each. */
export function locateTaps(
  report: InspectReport,
  attachments: AgentState["attachments"],
): ReadonlyMap<string, Location> {
  const taps = report.taps.filter(({ kind }) => kind === "tap");
  const byPlace = new Map(taps.map((tap) => [placeOf(tap.netns, tap.name), tap]));
  const byId = Map.groupBy(taps, ({ mark }) =>
    mark === undefined || mark.mode === "adopted" ? "" : mark.attachmentId,
  );
  const locate = (id: string, { netns, tapName }: Attachment): Location => {
    const there = netns === undefined ? undefined : byPlace.get(placeOf(netns, tapName));
    if (there !== undefined && !isAnothers(there, id, attachments)) return { kind: "found", tap: there };
    const claimants = (byId.get(id) ?? []).filter(({ name }) => name === tapName);
    const [claimant] = claimants;
    if (claimants.length > 1) return { kind: "unknown" };
    if (claimant !== undefined) return { kind: "found", tap: claimant };
    return report.failures.some((failure) => mayHide(failure, netns)) ? { kind: "unknown" } : { kind: "absent" };
  };
  return new Map(Object.entries(attachments).map(([id, attachment]) => [id, locate(id, attachment)]));
}

/** /var/run is a link to /run everywhere that matters, and reports name either. */
function sameNetns(a: string, b: string): boolean {
  return plainPath(a) === plainPath(b);
}

function placeOf(netns: string, tapName: string): string {
  return `${plainPath(netns)}\0${tapName}`;
}

function plainPath(netns: string): string {
  return netns.replace(/^\/var\/run\//, "/run/");
}

/** An ADD after ours made it, for another attachment that we know: a new sandbox in the same namespace. */
function isAnothers({ mark }: TapReport, id: string, attachments: AgentState["attachments"]): boolean {
  if (mark === undefined || mark.mode === "adopted" || mark.attachmentId === id) return false;
  return Object.hasOwn(attachments, mark.attachmentId);
}

/** A namespace that could not be read, or a directory of namespaces. */
function mayHide(failure: InspectFailure, netns: string | undefined): boolean {
  if (netns === undefined) return true;
  return sameNetns(failure.netns, netns) || plainPath(netns).startsWith(`${plainPath(failure.netns)}/`);
}
