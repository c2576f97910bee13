// Takes back what mqtap did to this node, step by step and again and again until all of it is gone: values, the node's
// limit, the plugin where nothing needs it, then the policy. What mqtap did not put there stays.

import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { defaultPolicy, parsePolicy } from "../../../cni/policy/policy.ts";
import { refusalOf } from "../errno.ts";
import type { Disk } from "../install/disk.ts";
import { headBytes, identifyPlugin } from "../install/identify-plugin.ts";
import { removeLeftovers } from "../install/place-file.ts";
import type { ProbePlugin } from "../install/probe-plugin.ts";
import type { Problem } from "../reasons.ts";
import { placedAt, withoutPlaced } from "../state.ts";
import type { StateStore } from "../state-store.ts";
import type { SysctlKeeper } from "../sysctl-keeper.ts";

export interface UninstallerOptions {
  readonly disk: Disk;
  readonly probe: ProbePlugin;
  readonly store: Pick<StateStore, "state" | "change" | "setAside">;
  readonly keeper: Pick<SysctlKeeper, "keep">;
  /** What this agent would install. */
  readonly source: string;
  /** undefined: the plugin was not ours to install. */
  readonly target: string | undefined;
  readonly policyPath: string | undefined;
  readonly stateDir: string;
  /** What keeps the plugin; asked only where there is one. */
  readonly findReference: (netnsDirs: readonly string[]) => Promise<Problem | undefined>;
  readonly shown: (path: string) => string;
  readonly signal: AbortSignal;
}

export interface UninstallReport {
  /** What is still to be done, and what keeps it from being done. */
  readonly obstacles: readonly Problem[];
  /** What was left as it is on purpose. */
  readonly left: readonly string[];
  /** Said once: values that were given up. */
  readonly notices: readonly string[];
  readonly hasPlugin: boolean;
}

export class Uninstaller {
  readonly #options: UninstallerOptions;

  constructor(options: UninstallerOptions) {
    this.#options = options;
  }

  /** One round. Never rejects; a round on a node where nothing is left does nothing. */
  async round(): Promise<UninstallReport> {
    const values = await this.#restoreValues();
    const plugin = await this.#removePlugin();
    // The policy goes after the plugin: one without the other would be open to every network.
    const policy = plugin.hasPlugin ? nothing : await this.#removePolicy();
    const obstacles = [...values.obstacles, ...plugin.obstacles, ...policy.obstacles];
    obstacles.push(...(await this.#removeOwnFiles(obstacles.length === 0)));
    const setAside = (await this.#options.store.setAside()).map((path) => `${path} (a state that could not be read)`);
    const left = [...plugin.left, ...policy.left, ...setAside];
    return { obstacles, left, notices: values.notices, hasPlugin: plugin.hasPlugin };
  }

  async #restoreValues(): Promise<{ readonly obstacles: readonly Problem[]; readonly notices: readonly string[] }> {
    const { keeper, store } = this.#options;
    const obstacles: Problem[] = [];
    const notices: string[] = [];
    for (const file of Object.keys(store.state.keys)) {
      const { problem, notice } = await keeper.keep(file, undefined);
      if (problem !== undefined) obstacles.push({ reason: "RestoreFailed", message: problem.message });
      if (notice !== undefined) notices.push(notice);
    }
    return { obstacles, notices };
  }

  async #removePlugin(): Promise<Step & { readonly hasPlugin: boolean }> {
    const { disk, target, store, shown } = this.#options;
    if (target === undefined) return { ...nothing, hasPlugin: false };
    const directory = dirname(target);
    try {
      if ((await disk.look(directory)).kind !== "directory") {
        const message = `cannot remove the plugin: ${shown(directory)} is not there; mount the directory that it was installed to`;
        return { ...nothing, obstacles: [{ reason: "RemovalFailed", message }], hasPlugin: false };
      }
      await removeLeftovers(disk, directory);
      const standing = await this.#find(target);
      if (standing === "foreign") return { ...nothing, left: [`${shown(target)} (not mqtap's)`], hasPlugin: false };
      if (standing === "ours") {
        const reference = await this.#options.findReference(await this.#netnsDirs());
        if (reference !== undefined) return { ...nothing, obstacles: [reference], hasPlugin: true };
        await disk.remove(target);
        await disk.sync(directory);
      }
      if (store.state.placed?.plugin !== undefined) await store.change((state) => withoutPlaced(state, "plugin"));
      return { ...nothing, hasPlugin: false };
    } catch (error) {
      const message = `cannot remove ${shown(target)}: ${refusalOf(error)}; the agent tries again`;
      return { ...nothing, obstacles: [{ reason: "RemovalFailed", message }], hasPlugin: true };
    }
  }

  async #find(target: string): Promise<"absent" | "ours" | "foreign"> {
    const { disk, store, source, probe, signal } = this.#options;
    const look = await disk.look(target);
    if (look.kind === "absent") return "absent";
    if (look.kind !== "file") return "foreign";
    const identity = await identifyPlugin({
      sha256: await disk.sha256(target),
      inode: look.inode,
      sourceSha256: (await disk.look(source)).kind === "absent" ? undefined : await disk.sha256(source),
      record: placedAt(store.state, "plugin", target),
      ask: () => probe(target, signal),
      head: () => disk.readHead(target, headBytes),
    });
    return identity === "foreign" ? "foreign" : "ours";
  }

  /** As the plugin itself reads them. */
  async #netnsDirs(): Promise<readonly string[]> {
    const { disk, policyPath } = this.#options;
    try {
      return policyPath === undefined
        ? defaultPolicy.netnsDirs
        : parsePolicy(await disk.readText(policyPath), () => undefined).netnsDirs;
    } catch {
      return defaultPolicy.netnsDirs;
    }
  }

  async #removePolicy(): Promise<Step> {
    const { disk, policyPath, target, store, shown } = this.#options;
    if (policyPath === undefined || target === undefined) return nothing;
    try {
      const look = await disk.look(policyPath);
      if (look.kind !== "absent") {
        const text = look.kind === "file" ? await disk.readText(policyPath) : "";
        const sha256 = createHash("sha256").update(text).digest("hex");
        const isOurs = placedAt(store.state, "policy", policyPath)?.sha256s.includes(sha256) === true;
        if (!isOurs) return { ...nothing, left: [`${shown(policyPath)} (not as mqtap wrote it)`] };
        await removeLeftovers(disk, dirname(policyPath));
        await disk.remove(policyPath);
        await disk.sync(dirname(policyPath));
      }
      if (store.state.placed?.policy !== undefined) await store.change((state) => withoutPlaced(state, "policy"));
      return nothing;
    } catch (error) {
      const message = `cannot remove ${shown(policyPath)}: ${refusalOf(error)}; the agent tries again`;
      return { ...nothing, obstacles: [{ reason: "RemovalFailed", message }] };
    }
  }

  /** The limit goes at once, since no profile holds any more; the state when nothing needs to be remembered. */
  async #removeOwnFiles(isAllDone: boolean): Promise<readonly Problem[]> {
    const { disk, stateDir } = this.#options;
    try {
      await disk.remove(join(stateDir, "node.json"));
      if (isAllDone) await disk.remove(join(stateDir, "state.json"));
      return [];
    } catch (error) {
      const message = `cannot remove the agent's files in ${stateDir}: ${refusalOf(error)}; the agent tries again`;
      return [{ reason: "RemovalFailed", message }];
    }
  }
}

interface Step {
  readonly obstacles: readonly Problem[];
  readonly left: readonly string[];
}

const nothing: Step = { obstacles: [], left: [] };
