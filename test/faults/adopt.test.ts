// `mqtap adopt` under the faults of each-call, refused-requests, vanishing-namespace and kills: whatever happens to it, a tap is
// untouched, or adopted, or half adopted until the next call, and nothing else in the pod changes.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type AdoptedTap, type AdoptReport, parseAdoptReport } from "../../cni/adopt/report.ts";
import { Bed } from "../integration/bed.ts";
import type { AdoptFaults, AdoptPerformed, AdoptTrial, SeenLinks } from "./adopt-program.ts";
import { adoptScenarios } from "./adopt-scenarios.ts";
import { reportOf, runProgram } from "./bedded-program.ts";
import { judgeEach } from "./judge.ts";

const program = "adopt-program.ts";

let bed: Bed;
before(async () => {
  bed = await Bed.open();
});
after(() => bed[Symbol.asyncDispose]());

/** Undefined for a call that failed as a whole. Either is one line: a report, or an error. */
function told({ exitStatus, stdout, stderr }: AdoptPerformed): AdoptReport | undefined {
  if (exitStatus === 0) {
    assert.deepEqual([stdout.indexOf("\n"), stderr], [stdout.length - 1, ""]);
    return parseAdoptReport(JSON.parse(stdout));
  }
  assert.deepEqual([exitStatus, stdout], [1, ""]);
  assert.match(stderr, /^mqtap: cannot adopt: cannot [^\n]+\n$/);
  return undefined;
}

type Adoption = "untouched" | "alias alone" | "adopted" | "changed otherwise";

/** What became of a tap; `noqueue` alone counts as adopted where no alias was asked for. */
function adoptionOf(
  name: string,
  links: { readonly before: SeenLinks; readonly after: SeenLinks; readonly whole: SeenLinks },
): Adoption {
  const [was, is, whole] = [links.before[name], links.after[name], links.whole[name]];
  if (is === undefined) return "untouched";
  if (was !== undefined) {
    if (same(is, was)) return "untouched";
    if (same({ ...is, alias: was.alias, qdisc: was.qdisc }, was)) {
      if (is.alias === whole?.alias && is.qdisc === whole?.qdisc) return "adopted";
      if (is.alias === whole?.alias && is.qdisc === was.qdisc) return "alias alone";
    }
    return "changed otherwise";
  }
  // Made meanwhile.
  if (is.alias === undefined && is.qdisc === "mq") return "untouched";
  if (is.alias !== whole?.alias) return "changed otherwise";
  return is.qdisc === "noqueue" ? "adopted" : "alias alone";
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What the first call made of each tap, as the second may find it. */
function assertNothingElse(
  faults: AdoptFaults,
  { before: links, after: left }: Pick<AdoptTrial, "before" | "after">,
): void {
  const whole = faults.undisturbed.after;
  for (const name of Object.keys(whole)) {
    const adoption = adoptionOf(name, { before: links, after: left, whole });
    const isAsked = !same(withoutIdentity(faults.undisturbed.before)[name], withoutIdentity(whole)[name]);
    assert.ok(isAsked ? adoption !== "changed otherwise" : adoption === "untouched", `"${name}": ${adoption}`);
  }
}

/** A report says no more and no less than what is so. */
function assertTruth(faults: AdoptFaults, trial: AdoptTrial): void {
  const report = told(trial.performed);
  for (const { name, outcome, why } of report?.taps ?? []) {
    const links = { before: trial.before, after: trial.after, whole: faults.undisturbed.after };
    const adoption = adoptionOf(name, links);
    const wasAdopted = same(withoutIdentity(trial.before)[name], withoutIdentity(faults.undisturbed.after)[name]);
    if (outcome === "adopted") assert.equal(adoption, why === undefined ? "adopted" : "alias alone", name);
    else if (outcome === "unchanged") assert.ok(wasAdopted || adoption === "adopted", `"${name}" is ${adoption}`);
    // A link that the kernel calls gone is none to speak of.
    else if (outcome !== "missing" || trial.event !== "ENODEV") {
      assert.equal(adoption, "untouched", `${outcome}: ${name}`);
    }
  }
}

/** Two pods differ in what the kernel chooses. */
function withoutIdentity(links: SeenLinks): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(links).map(([name, { mac: _, index: __, ...rest }]) => [name, rest]));
}

/** But for what KubeVirt may have made meanwhile. */
function assertUntouched(links: SeenLinks, later: SeenLinks): void {
  for (const [name, link] of Object.entries(later)) {
    if (links[name] === undefined) assert.deepEqual([link.alias, link.qdisc], [undefined, "mq"], name);
    else assert.deepEqual(link, links[name]);
  }
}

const outcomesOf = (report: AdoptReport | undefined): readonly (readonly [string, AdoptedTap["outcome"]])[] =>
  (report?.taps ?? []).map(({ name, outcome }) => [name, outcome === "unchanged" ? "adopted" : outcome]);

/** The next call ends what this one left. */
function assertFinished(
  { undisturbed }: AdoptFaults,
  { repeated, afterRepeated }: Pick<AdoptTrial, "repeated" | "afterRepeated">,
): void {
  assert.deepEqual(outcomesOf(told(repeated)), outcomesOf(told(undisturbed.performed)));
  assert.deepEqual(repeated.stillOpen, []);
  assert.deepEqual(withoutIdentity(afterRepeated), withoutIdentity(undisturbed.after));
}

/** A thread that cannot go back may not even close what it opened over there: the process ends. */
function assertClosed({ performed: { stillOpen, stderr } }: AdoptTrial): void {
  if (!stderr.includes("cannot return to the own network namespace")) assert.deepEqual(stillOpen, []);
}

for (const [name, { meanwhile }] of Object.entries(adoptScenarios)) {
  describe(`mqtap adopt: ${name}`, () => {
    for (const [job, sentence] of [
      ["fail", "each of its system calls fails once, with every shortage and refusal"],
      ["refuse", "the kernel refuses each of its requests once"],
    ] as const) {
      test(sentence, async (t) => {
        const faults = await reportOf<AdoptFaults>(bed, program, job, name);
        judgeEach(faults, (trial) => {
          assertNothingElse(faults, trial);
          assertTruth(faults, trial);
          assertClosed(trial);
          assertFinished(faults, trial);
        });
        const failed = faults.trials.filter(({ performed }) => performed.exitStatus !== 0).length;
        t.diagnostic(`${faults.trials.length} faults; ${failed} calls failed as a whole`);
      });
    }

    if (name !== "a tap that is up" && meanwhile === undefined) return;

    test("the pod's namespace goes before each of its system calls", async () => {
      const faults = await reportOf<AdoptFaults>(bed, program, "vanish", name);
      judgeEach(faults, (trial) => {
        assertNothingElse(faults, trial);
        assertClosed(trial);
        told(trial.performed);
        // Nobody is there any more; a plain file and another pod's namespace are not taken for it.
        const repeated = told(trial.repeated);
        assert.ok(repeated !== undefined);
        for (const { outcome } of repeated.taps) assert.equal(outcome, "missing");
        assertUntouched(trial.after, trial.afterRepeated);
      });
    });

    if (meanwhile === undefined) return;

    test("it is killed before each of its system calls", async (t) => {
      const faults = await reportOf<AdoptFaults>(bed, program, "plain", name);
      const { steps } = faults.undisturbed.performed;
      for (const at of steps.keys()) {
        const killed = await runProgram(bed, program, "kill", name, String(at));
        assert.equal(killed.status, null, killed.stderr);
        const left = await reportOf<Pick<AdoptTrial, "after" | "repeated" | "afterRepeated">>(
          bed,
          program,
          "repeat",
          name,
        );
        const { tap0: _, ...bystanders } = left.after;
        assertNothingElse(faults, { before: bystanders, after: left.after });
        assertFinished(faults, left);
      }
      t.diagnostic(`${steps.length} moments`);
    });
  });
}
