// Keeps policy and plugin on the host: installs, replaces by what this agent brings (a downgrade is no different), and
// repairs. Looks at a few stamps when nothing has changed. What fails is reported, and stops nothing else of the agent.

import { dirname } from "node:path";
import { type Clock, delay } from "../../kube/clock.ts";
import type { Log } from "../../kube/log.ts";
import { Attempts } from "../attempts.ts";
import { errnoOf, refusalOf } from "../errno.ts";
import type { Problem } from "../reasons.ts";
import { placedAt, withPlaced } from "../state.ts";
import type { StateStore } from "../state-store.ts";
import type { Disk, Look } from "./disk.ts";
import { headBytes, type Identity, identifyPlugin } from "./identify-plugin.ts";
import * as problems from "./install-problem.ts";
import { isTemporaryName, placeFile, removeLeftovers } from "./place-file.ts";
import { keepPolicyFile, type PolicyStanding } from "./policy-file.ts";
import type { ProbePlugin } from "./probe-plugin.ts";

export interface InstallerOptions {
  readonly disk: Disk;
  readonly probe: ProbePlugin;
  readonly store: Pick<StateStore, "state" | "change">;
  /** What is installed. */
  readonly source: string;
  /** Where: `<CNI directory>/mqtap`. */
  readonly target: string;
  /** undefined: the policy is not ours to keep. */
  readonly policyPath: string | undefined;
  readonly policySource: string | undefined;
  readonly shown: (path: string) => string;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onDone: (done: Done) => void;
  /** After a check that came to another result than the one before. */
  readonly onChange: () => void;
}

/** Something that was changed on the host. */
export interface Done {
  readonly what: "plugin" | "policy";
  readonly why: "installed" | "replaced" | "repaired";
  readonly note: string;
}

export interface Installation {
  /** Whether the host has this agent's plugin, and the policy that it shall have. */
  readonly isCurrent: boolean;
  /** Of the mqtap that answers on the host, be it of another release; undefined where none does. */
  readonly sha256: string | undefined;
  readonly problems: readonly Problem[];
}

/** Failures make the next check wait so many intervals at most, unless something changes on the disk. */
const longestBackoff = 20;

export class Installer {
  readonly #options: InstallerOptions;
  readonly #attempts = new Attempts();
  #stamps = "";
  #failures = 0;
  #skips = 0;
  #now: Installation | undefined;

  constructor(options: InstallerOptions) {
    this.#options = options;
  }

  /** The result of the last check; undefined before the first. */
  get installation(): Installation | undefined {
    return this.#now;
  }

  /** Checks until the signal is aborted. Never rejects. */
  async run(): Promise<void> {
    const { clock, signal, random, intervalMs } = this.#options;
    while (!signal.aborted) {
      await this.check();
      await delay(clock, intervalMs * (0.8 + 0.2 * random()), signal);
    }
  }

  /** One check, and what it takes to put things right. Never rejects. */
  async check(): Promise<void> {
    if (await this.#isUnchanged()) return;
    const before = this.#now;
    const policy = await this.#keepPolicy();
    const plugin = await this.#keepPlugin(policy);
    if (this.#options.signal.aborted) return;
    const found = [...plugin.problems, ...(policy?.problem === undefined ? [] : [policy.problem])];
    this.#now = { ...plugin, problems: found };
    this.#failures = found.length === 0 ? 0 : this.#failures + 1;
    this.#skips = found.length === 0 ? 0 : Math.min(2 ** (this.#failures - 1), longestBackoff) - 1;
    this.#stamps = await this.#takeStamps();
    if (JSON.stringify(before) !== JSON.stringify(this.#now)) this.#options.onChange();
  }

  /** True when nothing has been touched since the last check, and it is not time to try again what failed. */
  async #isUnchanged(): Promise<boolean> {
    if (this.#now === undefined || (await this.#takeStamps()) !== this.#stamps) return false;
    if (this.#now.problems.length === 0) return true;
    this.#skips -= 1;
    return this.#skips >= 0;
  }

  async #takeStamps(): Promise<string> {
    const { disk, source, target, policyPath, policySource } = this.#options;
    const paths = [dirname(target), target, source, policyPath, policySource].filter((path) => path !== undefined);
    const looks = await Promise.all(paths.map((path) => disk.look(path).catch((error) => errnoOf(error))));
    // A mounted ConfigMap is a link whose own stamp stays when the content changes.
    const text = policySource === undefined ? "" : await disk.readText(policySource).catch((error) => errnoOf(error));
    return JSON.stringify([looks, text]);
  }

  async #keepPolicy(): Promise<PolicyStanding | undefined> {
    const { policyPath: path, policySource: source, shown, clock, onDone } = this.#options;
    if (path === undefined) return undefined;
    const shownPath = shown(path);
    const { monotonicMs } = clock;
    const common = { ...this.#options, attempts: this.#attempts, uniqueName: () => this.#uniqueName(), monotonicMs };
    const standing = await keepPolicyFile({ ...common, path, shownPath, source, isFirst: this.#now === undefined });
    if (standing.done === "repaired") {
      const note = `${shownPath} was changed or removed by someone else and is this agent's policy again`;
      onDone({ what: "policy", why: "repaired", note });
    } else if (standing.done !== undefined) {
      const why = standing.done === "written" ? "installed" : "replaced";
      onDone({
        what: "policy",
        why,
        note: `${shownPath} now says what network configurations may ask for on this node`,
      });
    }
    return standing;
  }

  async #keepPlugin(policy: PolicyStanding | undefined): Promise<Installation> {
    const { disk, target, source, shown } = this.#options;
    const directory = dirname(target);
    try {
      if ((await disk.look(directory)).kind !== "directory") return failed(problems.directoryMissing(shown(directory)));
      // What an agent that was killed has left.
      if (this.#now === undefined) await removeLeftovers(disk, directory);
      if ((await disk.look(source)).kind === "absent") return failed(problems.sourceMissing(source));
      const sourceSha256 = await disk.sha256(source);
      const found = await this.#find(sourceSha256);
      if (found.identity === "foreign") return failed(problems.foreignFile(shown(target), found.what));
      const others = await this.#otherPlugins(directory);
      if (found.identity === "current" && found.isRunnable) {
        if (found.record === undefined) await this.#note(sourceSha256, found.inode);
        return { isCurrent: true, sha256: sourceSha256, problems: others };
      }
      // What is said of the policy is reported beside this.
      if (policy?.isThere === false) return { isCurrent: false, sha256: found.sha256, problems: others };
      return await this.#replace(found, sourceSha256, others);
    } catch (error) {
      const unseen = "the plugin could not be looked at";
      return failed(problems.notWritten(shown(target), errnoOf(error), refusalOf(error), unseen));
    }
  }

  async #find(sourceSha256: string): Promise<Found> {
    const { disk, target, store, probe, signal } = this.#options;
    const record = placedAt(store.state, "plugin", target);
    const look = await disk.look(target);
    if (look.kind === "absent") return { ...nothing, identity: "absent", record };
    if (look.kind !== "file") return { ...nothing, identity: "foreign", record, what: kindOf(look) };
    const { inode, mode } = look;
    const sha256 = await disk.sha256(target);
    const identity = await identifyPlugin({
      ...{ sha256, inode, sourceSha256, record },
      ask: () => probe(target, signal),
      head: () => disk.readHead(target, headBytes),
    });
    const answers = identity === "current" || identity === "mqtap";
    const what = "another program";
    return {
      identity,
      record,
      what,
      sha256: answers ? sha256 : undefined,
      inode,
      isRunnable: (mode & 0o555) === 0o555,
    };
  }

  async #replace(found: Found, sourceSha256: string, others: readonly Problem[]): Promise<Installation> {
    const { target, shown, clock, onDone, signal } = this.#options;
    const path = shown(target);
    const isNew = found.record === undefined && found.identity === "absent";
    const isRepair = !isNew && found.identity !== "mqtap";
    if (!isNew && this.#attempts.isExhausted(target, sourceSha256, clock.monotonicMs())) {
      const { sha256 = "nothing" } = found;
      return {
        isCurrent: false,
        sha256: found.sha256,
        problems: [problems.contested(path, sha256, sourceSha256), ...others],
      };
    }
    const problem = await this.#install(found, sourceSha256);
    if (signal.aborted) return { isCurrent: false, sha256: found.sha256, problems: [] };
    if (problem !== undefined) return { isCurrent: false, sha256: found.sha256, problems: [problem, ...others] };
    if (!isNew) this.#attempts.repeated(target, sourceSha256, clock.monotonicMs());
    const own = problems.shortHash(sourceSha256);
    if (isRepair)
      onDone({
        what: "plugin",
        why: "repaired",
        note: `${path} was ${damageOf(found)} and is installed again (${own})`,
      });
    else if (isNew) onDone({ what: "plugin", why: "installed", note: `${path} is installed (${own})` });
    else onDone({ what: "plugin", why: "replaced", note: `${path} is replaced by this agent's release (${own})` });
    return { isCurrent: true, sha256: sourceSha256, problems: others };
  }

  /** Returns what kept it from being installed. */
  async #install(found: Found, sha256: string): Promise<Problem | undefined> {
    const { disk, source, target, shown, probe, signal } = this.#options;
    const directory = dirname(target);
    const earlier =
      found.sha256 === undefined ? "this node has no plugin" : `the earlier ${problems.shortHash(found.sha256)} stays`;
    let refusal: string | undefined;
    const beforeRename = async (temporary: string): Promise<void> => {
      if ((await disk.sha256(temporary)) !== sha256)
        throw new Error("the copy reads back differently: is the disk well?");
      const answer = await probe(temporary, signal);
      if (answer.kind === "none") refusal = answer.why;
      if (answer.kind === "plugin") refusal = "it answers as another plugin";
      if (refusal !== undefined) throw new Error(refusal);
      const look = await disk.look(temporary);
      if (look.kind === "file") await this.#note(sha256, look.inode);
    };
    try {
      const uniqueName = (): string => this.#uniqueName();
      await placeFile({ disk, target, content: { copyOf: source }, mode: 0o755, beforeRename, uniqueName });
      return undefined;
    } catch (error) {
      if (refusal !== undefined) return problems.hostIncompatible(shown(directory), refusal, earlier);
      return problems.notWritten(shown(target), errnoOf(error), refusalOf(error), earlier);
    }
  }

  /** Runtimes look into directories that hold more than one plugin. */
  async #otherPlugins(directory: string): Promise<readonly Problem[]> {
    const { disk, shown } = this.#options;
    const names = await disk.list(directory);
    const others = names.filter((name) => name !== "mqtap" && !isTemporaryName(name));
    return others.length > 0 ? [] : [problems.directoryWithoutPlugins(shown(directory))];
  }

  #note(sha256: string, inode: string): Promise<void> {
    const { store, target: path } = this.#options;
    return store.change((state) => withPlaced(state, "plugin", { path, sha256, inode }));
  }

  #uniqueName(): string {
    return Math.floor(this.#options.random() * 2 ** 48).toString(36) + this.#options.clock.now().getTime().toString(36);
  }
}

interface Found {
  readonly identity: Identity | "absent";
  readonly record: ReturnType<typeof placedAt>;
  /** For a person, of what is foreign. */
  readonly what: string;
  /** Of an mqtap that answers. */
  readonly sha256: string | undefined;
  readonly inode: string;
  readonly isRunnable: boolean;
}

const nothing = { what: "", sha256: undefined, inode: "", isRunnable: false } as const;

function kindOf(look: Look): string {
  return look.kind === "directory" ? "a directory" : "a link or a special file";
}

function damageOf({ identity, isRunnable }: Found): string {
  if (identity === "absent") return "deleted";
  return identity === "damaged" || isRunnable ? "damaged" : "not executable any more";
}

function failed(problem: Problem): Installation {
  return { isCurrent: false, sha256: undefined, problems: [problem] };
}
