// Keeps the node's policy file at what this agent is configured with, before the plugin that obeys it. A policy that we
// did not write is somebody's decision, and stays.

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { defaultPolicy, type Policy, parsePolicy, policyPath } from "../../../cni/policy/policy.ts";
import { describeError, type Log } from "../../kube/log.ts";
import type { Attempts } from "../attempts.ts";
import { errnoOf, refusalOf } from "../errno.ts";
import type { Problem } from "../reasons.ts";
import { placedAt, withPlaced } from "../state.ts";
import type { StateStore } from "../state-store.ts";
import type { Disk } from "./disk.ts";
import { policyProblem } from "./install-problem.ts";
import { placeFile, removeLeftovers } from "./place-file.ts";

export interface PolicyFileOptions {
  readonly disk: Disk;
  readonly store: Pick<StateStore, "state" | "change">;
  readonly path: string;
  /** As people know the path. */
  readonly shownPath: string;
  /** The configured policy; undefined: mqtap's own defaults. */
  readonly source: string | undefined;
  /** Of this process: one that was killed may have left something. */
  readonly isFirst: boolean;
  readonly attempts: Attempts;
  readonly uniqueName: () => string;
  readonly monotonicMs: () => number;
  readonly log: Log;
}

export interface PolicyStanding {
  /** False: no policy limits this node, and it shall have one. */
  readonly isThere: boolean;
  readonly problem: Problem | undefined;
  /** What was done, for an event. */
  readonly done: "written" | "changed" | "repaired" | undefined;
}

/** What an agent writes that is told nothing. */
const builtIn = `${JSON.stringify(defaultPolicy, undefined, 2)}\n`;

/** Never rejects. */
export async function keepPolicyFile(options: PolicyFileOptions): Promise<PolicyStanding> {
  const { disk, path, shownPath: shown, source, isFirst } = options;
  let isThere = false;
  try {
    if (isFirst) await removeLeftovers(disk, dirname(path));
    const look = await disk.look(path);
    isThere = look.kind !== "absent";
    const wanted = await wantedText(options);
    if (typeof wanted !== "string") return { isThere, problem: wanted, done: undefined };
    if (look.kind === "directory" || look.kind === "other") return foreign(shown, "it is no regular file");
    const text = look.kind === "file" ? await disk.readText(path) : undefined;
    return await bring(options, wanted, text);
  } catch (error) {
    const code = errnoOf(error);
    return { isThere, problem: policyProblem(shown, code, refusalOf(error), source), done: undefined };
  }
}

/** The text to write, or why it cannot be used. */
async function wantedText({ disk, source, log }: PolicyFileOptions): Promise<string | Problem> {
  if (source === undefined) return builtIn;
  try {
    const text = await disk.readText(source);
    parsePolicy(text, (warning) =>
      log.warn("the configured policy has keys that this agent does not know", { warning }),
    );
    return text;
  } catch (error) {
    const why = describeError(error).replace(`cannot use ${policyPath}: `, "");
    const message =
      `cannot use the policy in ${source}: ${why}; the node keeps the policy that it has, and gets no plugin where it has ` +
      "none: correct the ConfigMap that is mounted there";
    return { reason: "PolicyInvalid", message };
  }
}

async function bring(options: PolicyFileOptions, wanted: string, found: string | undefined): Promise<PolicyStanding> {
  const { store, path, shownPath, attempts, monotonicMs } = options;
  const standing = { isThere: true, problem: undefined, done: undefined } as const;
  const record = placedAt(store.state, "policy", path);
  if (found === wanted && record !== undefined) return standing;
  if (found !== undefined && record === undefined) {
    // As another agent with the same configuration left it, or one whose state was lost: ours from now on.
    if (found === wanted) return (await note(options, wanted)) ?? standing;
    return isSameMeaning(found, wanted) ? standing : foreign(shownPath, "mqtap did not write it");
  }
  const isOurs = found === undefined || record?.sha256s.includes(sha256(found)) === true;
  if (isOurs) {
    await write(options, wanted);
    return { ...standing, done: record === undefined ? "written" : found === undefined ? "repaired" : "changed" };
  }
  if (attempts.isExhausted(path, wanted, monotonicMs())) {
    const message = `someone else keeps changing ${shownPath}: stop them, or give this agent that policy as its own (--policy-source)`;
    return { ...standing, problem: { reason: "PolicyContested", message } };
  }
  await write(options, wanted);
  attempts.repeated(path, wanted, monotonicMs());
  return { ...standing, done: "repaired" };
}

async function write(options: PolicyFileOptions, text: string): Promise<void> {
  const { disk, path, uniqueName, store } = options;
  const beforeRename = async (temporary: string): Promise<void> => {
    const look = await disk.look(temporary);
    const inode = look.kind === "file" ? look.inode : "";
    await store.change((state) => withPlaced(state, "policy", { path, sha256: sha256(text), inode }));
  };
  await placeFile({ disk, target: path, content: { text }, mode: 0o644, beforeRename, uniqueName });
}

async function note({ disk, path, store }: PolicyFileOptions, text: string): Promise<undefined> {
  const look = await disk.look(path);
  const inode = look.kind === "file" ? look.inode : "";
  await store.change((state) => withPlaced(state, "policy", { path, sha256: sha256(text), inode }));
}

function foreign(shownPath: string, why: string): PolicyStanding {
  const message =
    `${shownPath} is not this agent's (${why}), so it stays and is what holds on this node; delete it and the agent ` +
    "writes its own, or say --policy-file= to leave it to you";
  return { isThere: true, problem: { reason: "PolicyForeign", message }, done: undefined };
}

function isSameMeaning(a: string, b: string): boolean {
  const [left, right] = [a, b].map(parsed);
  return left !== undefined && isDeepStrictEqual(left, right);
}

function parsed(text: string): Policy | undefined {
  try {
    return parsePolicy(text, () => undefined);
  } catch {
    return undefined;
  }
}

/** Of a text as it lies on the disk. */
function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
