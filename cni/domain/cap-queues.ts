// The hook's decision as data: a domain's NICs and what is known of their taps and the VMI in, the new document and what there is
// to say of each NIC out.

import { decideQueues } from "./decide-queues.ts";
import type { DomainNics } from "./domain-nics.ts";
import type { TapFacts } from "./read-taps.ts";
import { replaceSpans } from "./replace-spans.ts";

/** One NIC that was changed, or was left with more queues than it may have. */
export interface NicNote {
  readonly network: string;
  readonly tap?: string;
  readonly queues?: number;
  readonly to?: number;
  readonly by?: "alias" | "annotation";
  readonly why?: string;
}

export interface CappedDomain {
  readonly xml: string;
  readonly notes: readonly NicNote[];
}

export function capQueues(
  xml: string,
  facts: {
    readonly domain: DomainNics;
    /** The tap of a NIC, in the order of `domain.nics`. */
    readonly tapNames: readonly string[];
    readonly taps: ReadonlyMap<string, TapFacts>;
    readonly annotationCap: number | undefined;
  },
): CappedDomain {
  const { domain, tapNames, taps, annotationCap } = facts;
  const notes: NicNote[] = domain.unclear.map(({ network, why }) => ({ network: shown(network), why }));
  const edits = domain.nics.flatMap(({ network, queues, span }, index) => {
    const tapName = tapNames[index] ?? "";
    const decision = decideQueues({ queues, tapName: shown(tapName), tap: taps.get(tapName), annotationCap });
    if (decision.kind === "keep") return [];
    const { kind, ...more } = decision;
    notes.push({ network: shown(network), tap: shown(tapName), queues, ...more });
    return decision.kind === "lower" ? [{ span, value: `${decision.to}` }] : [];
  });
  return { xml: replaceSpans(xml, edits), notes };
}

/** Names of networks have 63 characters at most; what is longer would only fill the log. */
function shown(name: string): string {
  return name.length <= 63 ? name : `${name.slice(0, 62)}…`;
}
