// An installer on a real disk, in a folder of the test's own. Plugins are texts that say what they answer, so that no
// program is needed; test/integration/installer.test.ts has the built one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Attempts } from "../../operator/agent/attempts.ts";
import { type Disk, realDisk } from "../../operator/agent/install/disk.ts";
import { type Done, Installer, type InstallerOptions } from "../../operator/agent/install/installer.ts";
import type { Answer } from "../../operator/agent/install/probe-plugin.ts";
import type { Problem } from "../../operator/agent/reasons.ts";
import { StateStore } from "../../operator/agent/state-store.ts";
import { SysctlKeeper } from "../../operator/agent/sysctl-keeper.ts";
import { SysctlTree } from "../../operator/agent/sysctl-tree.ts";
import { Uninstaller } from "../../operator/agent/uninstall/uninstaller.ts";
import { systemClock } from "../../operator/kube/clock.ts";
import { createLog } from "../../operator/kube/log.ts";

/** What a text answers when it is asked as a plugin. */
async function answerOf(file: string): Promise<Answer> {
  const text = readFileSync(file, "utf8");
  if (text.startsWith("mqtap")) return { kind: "mqtap" };
  return text.startsWith("plugin") ? { kind: "plugin" } : { kind: "none", why: "it cannot be started: ENOEXEC" };
}

/** Everything that a call of the disk may find. */
class Killed extends Error {
  override readonly name = "Killed";
}

/** The disk of a process that is killed before its call number `at`; it does nothing from then on. */
export function dyingDisk(at: number): { readonly disk: Disk; readonly calls: () => number } {
  let calls = 0;
  const disk = new Proxy(realDisk, {
    get(target, name, receiver) {
      const call: unknown = Reflect.get(target, name, receiver);
      if (typeof call !== "function") return call;
      return async (...args: unknown[]) => {
        calls += 1;
        if (calls >= at) throw new Killed();
        return await Reflect.apply(call, target, args);
      };
    },
  });
  return { disk, calls: () => calls };
}

interface UninstallOptions {
  readonly disk?: Disk;
  readonly reference?: Problem;
}

export function installerBed() {
  const root = mkdtempSync(join(tmpdir(), "mqtap-installer-"));
  const path = (name: string): string => join(root, name);
  for (const name of ["bin", "etc", "lib", "app", "sys"]) mkdirSync(path(name));
  const put = (name: string, text: string): void => writeFileSync(path(name), text, { mode: 0o755 });
  put("app/mqtap", "mqtap 1");
  put("bin/bridge", "plugin");
  const done: Done[] = [];
  const [target, policyPath] = [path("bin/mqtap"), path("etc/policy.json")];

  const loadStore = () => StateStore.load({ path: path("lib/state.json"), bootId: "boot", now: () => new Date() });
  const start = async (options: Partial<Pick<InstallerOptions, "disk" | "policyPath" | "policySource">> = {}) => {
    const { store } = await loadStore();
    const installer = new Installer({
      ...{ disk: realDisk, probe: answerOf, store, target, policyPath, policySource: undefined, ...options },
      source: path("app/mqtap"),
      shown: (name) => name.replace(root, ""),
      intervalMs: 30_000,
      clock: systemClock,
      random: Math.random,
      log: createLog({ write: () => undefined, clock: systemClock }),
      signal: new AbortController().signal,
      onDone: (what) => void done.push(what),
      onChange: () => undefined,
    });
    return installer;
  };
  /** An agent in uninstall mode; `reference` is what it finds to need the plugin. */
  const startUninstall = async ({ disk = realDisk, reference }: UninstallOptions = {}): Promise<Uninstaller> => {
    const { store } = await loadStore();
    const tree = new SysctlTree(path("sys"));
    const { monotonicMs } = systemClock;
    return new Uninstaller({
      ...{ disk, probe: answerOf, store, target, policyPath, source: path("app/mqtap"), stateDir: path("lib") },
      keeper: new SysctlKeeper({ tree, store, attempts: new Attempts(), bootId: "boot", monotonicMs }),
      findReference: () => Promise.resolve(reference),
      shown: (name) => name.replace(root, ""),
      signal: new AbortController().signal,
    });
  };
  return {
    path,
    startUninstall,
    loadStore,
    put,
    done,
    start,
    read: (name: string): string => readFileSync(path(name), "utf8"),
    list: (name: string): readonly string[] => readdirSync(path(name)).sort(),
    mode: (name: string): number => statSync(path(name)).mode & 0o7777,
    /** One check by an agent that has just started, and what it says. */
    check: async (options: Parameters<typeof start>[0] = {}) => {
      const installer = await start(options);
      await installer.check();
      assert.ok(installer.installation !== undefined);
      return installer.installation;
    },
    sha256: (text: string): string => createHash("sha256").update(text).digest("hex"),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
