import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { InspectReport } from "../../../cni/inspect/report.ts";
import { aliasOf, attachmentOf, idA, idB, netns, reportOf, tapOf } from "../../../test/agent/taps.ts";
import type { Attachment } from "../state.ts";
import { locateTaps } from "./locate.ts";

const elsewhere = "/run/netns/cni-2";
const gone = { netns: elsewhere, why: "there is no network namespace, or none any more" };
const seen = attachmentOf({ netns });

describe("locateTaps()", () => {
  const cases: Record<string, { known?: Attachment; more?: Attachment; report: InspectReport; is: string }> = {
    "finds a tap by the id in its alias": { report: reportOf([tapOf()]), is: netns },
    "finds it in the namespace where it was seen, whatever its alias": {
      known: seen,
      report: reportOf([tapOf({ alias: undefined })]),
      is: netns,
    },
    "takes /var/run for /run": {
      known: attachmentOf({ netns: "/var/run/netns/cni-1" }),
      report: reportOf([tapOf({ alias: "mine" })]),
      is: netns,
    },
    "does not believe a copy of the alias elsewhere while the tap is where it was": {
      known: seen,
      report: reportOf([tapOf({ netns: elsewhere }), tapOf({ alias: undefined })]),
      is: netns,
    },
    "follows the id to another namespace when there is no such tap in the old one": {
      known: seen,
      report: reportOf([tapOf({ netns: elsewhere })]),
      is: elsewhere,
    },
    "believes neither of two taps with one id": {
      report: reportOf([tapOf(), tapOf({ netns: elsewhere })]),
      is: "unknown",
    },
    "wants the tap's name too": { report: reportOf([tapOf({ name: "tap1" })]), is: "absent" },
    "does not take a tun for a tap": { known: seen, report: reportOf([tapOf({ kind: "tun" })]), is: "absent" },
    "takes no tap without alias whose namespace is not known": {
      report: reportOf([tapOf({ alias: undefined })]),
      is: "absent",
    },
    "leaves a tap to the attachment that it was made anew for": {
      known: seen,
      more: attachmentOf({ netns }),
      report: reportOf([tapOf({ alias: aliasOf(idB) })]),
      is: "absent",
    },
    "keeps a tap that bears the id of an attachment nobody knows": {
      known: seen,
      report: reportOf([tapOf({ alias: aliasOf(idB) })]),
      is: netns,
    },
    "finds an adopted tap by its place": {
      known: attachmentOf({ netns, isAdopted: true }),
      report: reportOf([tapOf({ alias: "mqtap/1 q=4 m=adopted" })]),
      is: netns,
    },
    "knows nothing of a tap never seen while any namespace could not be read": {
      report: reportOf([], [gone]),
      is: "unknown",
    },
    "knows that a tap is absent whose own namespace was read": {
      known: seen,
      report: reportOf([], [gone]),
      is: "absent",
    },
    "knows nothing of a namespace that could not be read": {
      known: seen,
      report: reportOf([], [{ netns, why: "EIO" }]),
      is: "unknown",
    },
    "knows nothing of what lies in a directory that could not be read": {
      known: seen,
      report: reportOf([], [{ netns: "/var/run/netns", why: "EACCES" }]),
      is: "unknown",
    },
  };
  for (const [sentence, { known = attachmentOf(), more, report, is }] of Object.entries(cases)) {
    test(sentence, () => {
      const attachments = { [idA]: known, ...(more === undefined ? {} : { [idB]: more }) };
      const location = locateTaps(report, attachments).get(idA);
      assert.equal(location?.kind === "found" ? location.tap.netns : location?.kind, is);
    });
  }

  test("lets nothing in other namespaces stand for a tap that is where it was seen", () => {
    const alias = fc.oneof(
      fc.constant(undefined),
      fc.constant(aliasOf(idA, 8)),
      fc.constant(aliasOf(idB)),
      fc.string(),
    );
    const place = fc.integer({ min: 2, max: 9 }).map((number) => `/run/netns/cni-${number}`);
    const other = fc.record({ alias, netns: place, name: fc.constantFrom("tap0", "tap1"), isMultiQueue: fc.boolean() });
    fc.assert(
      fc.property(fc.array(other), alias, (others, own) => {
        const taps = [...others.map(tapOf), tapOf({ alias: own })];
        const location = locateTaps(reportOf(taps), { [idA]: seen }).get(idA);
        assert.equal(location?.kind === "found" ? location.tap.netns : location?.kind, netns);
      }),
    );
  });
});
