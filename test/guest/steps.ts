// Several commands in one guest, each with its own outcome: booting costs 3 s, a command next to nothing.

import { type Guest, runGuest } from "./run-guest.ts";

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SteppedGuest extends Omit<Guest, "script"> {
  /** Shell text that every step begins with, for functions and variables. */
  readonly prelude?: string;
}

/**
 * Runs each step in a shell of its own, in order and whatever the earlier ones said.
 * @throws when the guest does not come to the end of the last one.
 */
export async function runSteps(
  guest: SteppedGuest,
  steps: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, Outcome>> {
  const files = Object.values(steps).map((text, i) => [`/steps/${i}`, { text: `${guest.prelude ?? ""}\n${text}\n` }]);
  const { stdout } = await runGuest({
    ...guest,
    files: { ...guest.files, ...Object.fromEntries(files) },
    script: `for step in $(seq 0 ${files.length - 1}); do ${oneStep}; done`,
  });
  const names = Object.keys(steps);
  const lines = stdout.split("\n").slice(0, -1);
  if (lines.length !== names.length) {
    throw new Error(`cannot read what a guest's steps said: ${lines.length} lines of ${names.length}:\n${stdout}`);
  }
  return new Map(names.map((name, i) => [name, parseOutcome(lines[i] ?? "")]));
}

/** A line a step, of what base64 keeps apart: an output may hold anything. */
const oneStep = `sh /steps/$step >/tmp/stdout 2>/tmp/stderr
echo "$?,$(base64 -w 0 /tmp/stdout),$(base64 -w 0 /tmp/stderr)"`;

function parseOutcome(line: string): Outcome {
  const [status = "", stdout = "", stderr = ""] = line.split(",");
  const decode = (text: string): string => Buffer.from(text, "base64").toString();
  return { status: Number(status), stdout: decode(stdout), stderr: decode(stderr) };
}
