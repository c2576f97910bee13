// What every call of the plugin owes its runtime, whatever happened to it.

import assert from "node:assert/strict";
import type { Report, Trial } from "./fault-program.ts";
import type { Step } from "./interfered-syscalls.ts";
import type { Performed, SeenTap } from "./pod-host.ts";

export interface Failure {
  readonly code: number;
  readonly msg: string;
}

/** Undefined for a success. Both are one JSON document on one line, or nothing. */
export function failureOf({ exitStatus, stdout }: Performed): Failure | undefined {
  if (stdout !== "") assert.equal(stdout.indexOf("\n"), stdout.length - 1, `not one line: ${stdout}`);
  if (exitStatus === 0) {
    if (stdout !== "") JSON.parse(stdout);
    return undefined;
  }
  assert.equal(exitStatus, 1);
  const { cniVersion, code, msg } = JSON.parse(stdout);
  assert.equal(cniVersion, "1.1.0", stdout);
  assert.ok(typeof code === "number" && typeof msg === "string" && msg !== "", stdout);
  assert.notEqual(code, 999, msg);
  return { code, msg };
}

/** ADD is all or nothing: a whole tap as asked for when it succeeds, else what was there before, or nothing. */
export function assertAllOrNothing(trial: Trial, { undisturbed }: Report): void {
  const { performed, before, after, reserved } = trial;
  if (failureOf(performed) === undefined) {
    assertMade(after, undisturbed.after);
    assert.equal(reserved.length, undisturbed.reserved.length);
    return;
  }
  if (after.length > 0) assert.deepEqual(after, before);
  else assert.deepEqual(reserved, []);
}

/** One tap, like the one that is made when nothing is in the way. */
function assertMade(found: readonly SeenTap[], wanted: readonly SeenTap[]): void {
  assert.deepEqual(
    found.map(({ name, isWhole, rest }) => ({ name, isWhole, rest })),
    wanted.map(({ name, rest }) => ({ name, isWhole: true, rest })),
  );
}

/** The pod's end: a DEL succeeds, says nothing and leaves nothing. */
export function assertDeleted({ deleted, afterDeleted, reservedInTheEnd }: Trial): void {
  assert.deepEqual([deleted.exitStatus, deleted.stdout, deleted.stillOpen], [0, "", []]);
  assert.deepEqual([afterDeleted, reservedInTheEnd], [[], []]);
}

/** What is told of a trial that was judged badly. */
interface Tried {
  readonly at: number;
  readonly step: Step;
  readonly event: string;
  readonly performed: { readonly stdout: string; readonly stderr?: string; readonly logged?: readonly string[] };
}

/** Runs `judge` on every trial, and tells all that it found. */
export function judgeEach<T extends Tried>(
  { trials }: { readonly trials: readonly T[] },
  judge: (trial: T) => void,
): void {
  assert.ok(trials.length > 0, "nothing was tried");
  const faults = trials.flatMap((trial) => {
    try {
      judge(trial);
      return [];
    } catch (error) {
      const { at, step, event, performed } = trial;
      const { stdout, stderr = "", logged = [] } = performed;
      const outcome = [stdout.trim() || stderr.trim() || "no document", ...logged].join("; ");
      const why = error instanceof Error ? error.message : String(error);
      return [`${event} at call ${at} (${step.call} ${step.about}): ${outcome}: ${why}`];
    }
  });
  assert.equal(faults.length, 0, `${faults.length} of ${trials.length}:\n${faults.slice(0, 40).join("\n")}`);
}
