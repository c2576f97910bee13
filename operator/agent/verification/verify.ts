// A report of the node's taps held against what was planned for each attachment. Pure but for `see`, which remembers what
// the look before saw.

import type { InspectReport, TapReport } from "../../../cni/inspect/report.ts";
import type { AgentState, Attachment } from "../state.ts";
import { type Finding, findingsOn } from "./events.ts";
import { locateTaps } from "./locate.ts";
import { differences, judge, openQueues, type Verdict } from "./verdict.ts";

/** How many taps stand how; `unseen`: there is no such tap, or it could not be looked at. */
export type Verdicts = Readonly<Record<Verdict | "unseen", number>>;

export const nothingSeen: Verdicts = { closed: 0, "as-planned": 0, capped: 0, over: 0, unseen: 0 };

export interface Verification {
  readonly verdicts: Verdicts;
  /** What was not said before of a pod's interface. */
  readonly news: readonly Finding[];
  /** Attachments with what was seen and said of them. */
  readonly revised: ReadonlyMap<string, Attachment>;
  /** Attachments without a tap. */
  readonly absent: ReadonlyMap<string, Attachment>;
}

/** `see` returns true when the look before saw the same: only then is a tap spoken of. */
export function verify(
  report: InspectReport,
  attachments: AgentState["attachments"],
  see: (id: string, open: number, differences: readonly string[]) => boolean,
): Verification {
  const verdicts = { ...nothingSeen };
  const news: Finding[] = [];
  const revised = new Map<string, Attachment>();
  const absent = new Map<string, Attachment>();
  const locations = locateTaps(report, attachments);
  for (const [id, attachment] of Object.entries(attachments)) {
    const location = locations.get(id);
    if (location?.kind === "absent") absent.set(id, attachment);
    if (location?.kind !== "found") {
      verdicts.unseen += 1;
      continue;
    }
    const { tap } = location;
    const open = openQueues(tap);
    verdicts[judge(attachment, open)] += 1;
    const differing = differences(id, attachment, tap);
    const isSteady = see(id, open, differing);
    const findings = isSteady ? findingsOn(attachment, tap, { open, differences: differing }) : [];
    const said = saidOf(attachment, attachments);
    const unsaid = findings.filter(({ reason }) => !said.includes(reason));
    news.push(...unsaid);
    const next = revise(attachment, tap, unsaid);
    if (next !== attachment) revised.set(id, next);
  }
  return { verdicts, news, revised, absent };
}

/** Of the pod's interface, in this sandbox and in earlier ones. */
function saidOf({ podUid, network }: Attachment, attachments: AgentState["attachments"]): readonly string[] {
  return Object.values(attachments)
    .filter((other) => other.podUid === podUid && other.network === network)
    .flatMap(({ said = [] }) => said);
}

function revise(attachment: Attachment, { netns }: TapReport, unsaid: readonly Finding[]): Attachment {
  const seen = attachment.netns === netns ? attachment : { ...attachment, netns };
  if (unsaid.length === 0) return seen;
  return { ...seen, said: [...(seen.said ?? []), ...unsaid.map(({ reason }) => reason)] };
}
