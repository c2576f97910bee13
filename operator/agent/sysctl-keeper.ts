// Carries out the plan for one sysctl: save the original, write, read back, remember, report. What the plan says is
// decided in desired.ts; how often a value may be repeated, in attempts.ts.

import type { SysctlState } from "../../crds/node-network-profile.ts";
import { describeError } from "../kube/log.ts";
import type { Attempts } from "./attempts.ts";
import { type KeyPlan, planKey, type WantedKey } from "./desired.ts";
import type { Problem } from "./reasons.ts";
import { type AgentState, type SavedKey, withKey } from "./state.ts";
import type { SysctlTree, Written } from "./sysctl-tree.ts";

export interface KeeperState {
  readonly state: AgentState;
  change(change: (state: AgentState) => AgentState): Promise<void>;
}

export interface KeeperOptions {
  readonly tree: Pick<SysctlTree, "read" | "write" | "path">;
  readonly store: KeeperState;
  readonly attempts: Attempts;
  readonly bootId: string;
  readonly monotonicMs: () => number;
}

/** How one key stands after a look at it. */
export interface KeyReport {
  /** Path below the sysctl root. */
  readonly file: string;
  readonly desired: string | undefined;
  readonly observed: string | undefined;
  readonly original: string | null;
  /** undefined when nothing is wanted and nothing went wrong. */
  readonly state: SysctlState | undefined;
  readonly problem: Problem | undefined;
  /** Said once: a key that was given up without being restored. */
  readonly notice: string | undefined;
}

export class SysctlKeeper {
  readonly #options: KeeperOptions;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Brings one key to what is wanted, or back to what it was. Never throws. */
  async keep(file: string, wanted: WantedKey | undefined): Promise<KeyReport> {
    const { tree, store, attempts, bootId, monotonicMs } = this.#options;
    const live = tree.read(file);
    const plan = planKey({
      wanted,
      live,
      saved: store.state.keys[file],
      bootId,
      originalsLost: store.state.originalsLostIn === bootId,
      isExhausted: wanted !== undefined && attempts.isExhausted(file, wanted.value, monotonicMs()),
    });
    const observed = live.kind === "value" ? live.value : undefined;
    try {
      return await this.#carryOut(file, wanted, observed, plan);
    } catch (error) {
      const message = `nothing is written to ${tree.path(file)}, because its value before cannot be saved: ${describeError(error)}`;
      return this.#report(file, wanted, observed, "Failed", { reason: "StateNotSaved", message });
    }
  }

  async #carryOut(
    file: string,
    wanted: WantedKey | undefined,
    observed: string | undefined,
    plan: KeyPlan,
  ): Promise<KeyReport> {
    const path = this.#options.tree.path(file);
    switch (plan.kind) {
      case "none": {
        if (plan.save !== undefined) await this.#save(file, plan.save);
        if (wanted === undefined) return this.#report(file, wanted, observed, undefined);
        if (plan.isClamped)
          return this.#report(file, wanted, observed, "Failed", mismatch(path, wanted.value, observed));
        this.#options.attempts.settled(file);
        return this.#report(file, wanted, observed, "Applied");
      }
      case "write":
        return await this.#write(file, plan.save, plan.isRepeat, observed);
      case "yield":
        return this.#yield(file, wanted?.value ?? "", observed);
      case "restore":
        return await this.#restore(file, plan.value, observed);
      case "forget": {
        await this.#save(file, undefined);
        this.#options.attempts.forget(file);
        const notice = plan.notice === undefined ? undefined : `${path} is ${plan.notice}`;
        return { ...this.#report(file, wanted, observed, undefined), notice };
      }
      case "unsupported":
        return this.#report(file, wanted, observed, "Unsupported");
      case "unreadable": {
        const message = `cannot read ${path}: ${plan.message}`;
        return this.#report(file, wanted, observed, "Failed", { reason: "SysctlUnreadable", message });
      }
      default:
        return plan satisfies never;
    }
  }

  async #write(file: string, save: SavedKey, isRepeat: boolean, before: string | undefined): Promise<KeyReport> {
    const { tree, attempts, monotonicMs } = this.#options;
    const wanted = { value: save.desired, onRemoval: save.onRemoval };
    await this.#save(file, save);
    if (isRepeat) attempts.repeated(file, save.desired, monotonicMs());
    const written = tree.write(file, save.desired);
    if (written.kind === "absent") return this.#report(file, wanted, undefined, "Unsupported");
    if (written.kind !== "written") {
      const problem = writeProblem(tree.path(file), save.desired, written);
      attempts.failed(file, save.desired, problem, monotonicMs());
      return this.#report(file, wanted, before, "Failed", problem);
    }
    attempts.failed(file, save.desired, undefined, monotonicMs());
    return await this.#readBack(file, save, wanted);
  }

  async #readBack(file: string, save: SavedKey, wanted: WantedKey): Promise<KeyReport> {
    const { tree, attempts } = this.#options;
    const after = tree.read(file);
    if (after.kind === "absent") return this.#report(file, wanted, undefined, "Unsupported");
    const readBack = after.kind === "value" ? after.value : null;
    await this.#save(file, { ...save, readBack, ours: readBack === null ? save.ours : [readBack] });
    if (readBack !== save.desired) {
      const problem = mismatch(tree.path(file), save.desired, readBack ?? undefined);
      return this.#report(file, wanted, readBack ?? undefined, "Failed", problem);
    }
    if (!attempts.hasYielded(file)) return this.#report(file, wanted, readBack, "Applied");
    return this.#report(file, wanted, readBack, "Overridden", overridden(tree.path(file), save.desired, readBack));
  }

  #yield(file: string, value: string, observed: string | undefined): KeyReport {
    const { tree, attempts, monotonicMs } = this.#options;
    const path = tree.path(file);
    const wanted = { value, onRemoval: "Restore" } as const;
    const failure = attempts.failure(file);
    attempts.yielded(file, value, monotonicMs());
    if (failure !== undefined) return this.#report(file, wanted, observed, "Failed", failure);
    return this.#report(file, wanted, observed, "Overridden", overridden(path, value, observed));
  }

  async #restore(file: string, value: string, before: string | undefined): Promise<KeyReport> {
    const { tree, attempts } = this.#options;
    const written = tree.write(file, value);
    if (written.kind !== "written" && written.kind !== "absent") {
      const message = `${writeProblem(tree.path(file), value, written).message} (it was ${value} before mqtap)`;
      return this.#report(file, undefined, before, "Failed", { reason: "RestoreFailed", message });
    }
    await this.#save(file, undefined);
    attempts.forget(file);
    const after = tree.read(file);
    return this.#report(file, undefined, after.kind === "value" ? after.value : undefined, undefined);
  }

  #save(file: string, key: SavedKey | undefined): Promise<void> {
    return this.#options.store.change((state) => withKey(state, file, key));
  }

  #report(
    file: string,
    wanted: WantedKey | undefined,
    observed: string | undefined,
    state: SysctlState | undefined,
    problem?: Problem,
  ): KeyReport {
    const original = this.#options.store.state.keys[file]?.original ?? null;
    return { file, desired: wanted?.value, observed, original, state, problem, notice: undefined };
  }
}

function writeProblem(path: string, value: string, written: Extract<Written, { readonly message: string }>): Problem {
  if (written.kind === "readOnly") {
    const message = `cannot write ${value} to ${path}: ${written.message}: mount it read-write into the agent's pod`;
    return { reason: "SysctlReadOnly", message };
  }
  return {
    reason: "ValueRefused",
    message: `this node's kernel refuses ${value} for ${path}: ${written.message}: ask for another value in the NodeNetworkConfig`,
  };
}

function mismatch(path: string, wanted: string, observed: string | undefined): Problem {
  const message = `${path} reads ${observed ?? "nothing"} after ${wanted} was written: this node's kernel adjusts the value; ask for one that it takes`;
  return { reason: "ReadBackMismatch", message };
}

function overridden(path: string, wanted: string, observed: string | undefined): Problem {
  const message = `someone else keeps changing ${path}: wanted ${wanted}, observed ${observed ?? "nothing"}; look into /etc/sysctl.d and at other node agents`;
  return { reason: "Overridden", message };
}
