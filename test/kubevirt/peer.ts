// Asks KubeVirt's own code, which test/kubevirt-peer makes into a program: many questions in one process.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { isRecord } from "../../crds/lenient.ts";
import { componentDirectory } from "../../deploy/local/component-directory.ts";

/** A reply, or why KubeVirt's code refused. */
export type PeerAnswer =
  | { readonly kind: "reply"; readonly reply: Readonly<Record<string, unknown>> }
  | { readonly kind: "refused"; readonly why: string };

/** One answer for each question, in order. `env` is what the program finds in its environment. */
export function askPeer(
  subcommand: "queues" | "names" | "phase1" | "decode",
  questions: readonly unknown[],
  env: NodeJS.ProcessEnv = {},
): readonly PeerAnswer[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join("");
  const { stdout } = runProgram("kubevirt-peer", [subcommand], { input, env });
  const answers = stdout.trimEnd().split("\n").map(parseAnswer);
  assert.equal(answers.length, questions.length, "the peer answers each question");
  return answers;
}

/** KubeVirt's own CRDs, as a List that kubectl takes. */
export function printCrds(): string {
  return runProgram("kubevirt-crds", [], {}).stdout;
}

function runProgram(name: string, args: readonly string[], options: { input?: string; env?: NodeJS.ProcessEnv }) {
  const ended = spawnSync(join(componentDirectory(), name), args, {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    ...options,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...options.env },
  });
  assert.equal(ended.status, 0, `${name} ${args.join(" ")}: ${ended.error?.message ?? ended.stderr}`);
  return ended;
}

/** @throws when the line is none of the peer. */
export function parseAnswer(line: string): PeerAnswer {
  const reply: unknown = JSON.parse(line);
  assert.ok(isRecord(reply), line);
  const why = reply["error"];
  return typeof why === "string" ? { kind: "refused", why } : { kind: "reply", reply };
}
