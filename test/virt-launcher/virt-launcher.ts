// KubeVirt's own virt-launcher, started as in a launcher pod: it collects the hooks, starts libvirt, and starts a VM when it is
// asked to as virt-handler asks. It lives in a process namespace of its own, with which all ends.

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setInterval } from "node:timers/promises";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { eventually } from "../fakes/eventually.ts";
import type { Bed, Finished } from "../integration/bed.ts";
import { endProcess, firstChild, spawnInPod } from "../libvirt/container.ts";

/** uid and gid of KubeVirt's user, with the one capability that the container has. */
const asLauncher = [
  ..."setpriv --reuid=107 --regid=107 --clear-groups --no-new-privs".split(" "),
  ...["inh-caps", "ambient-caps", "bounding-set"].map((set) => `--${set}=-all,+net_bind_service`),
];
/** As KubeVirt's template sets them. */
const env = {
  XDG_CACHE_HOME: "/var/run/kubevirt-private",
  XDG_CONFIG_HOME: "/var/run/kubevirt-private",
  XDG_RUNTIME_DIR: "/var/run",
};
const socket = "/run/kubevirt/sockets/launcher-sock";
const log = "/run/launcher/virt-launcher.log";
/** The processors of the pod, as cgroup v1 tells them; /sys is a new one in the namespace. */
const cgroup = "/sys/fs/cgroup";
const cpuset = `mount -t tmpfs tmpfs ${cgroup} && mkdir ${cgroup}/cpuset && echo 0 >${cgroup}/cpuset/cpuset.cpus`;
/** Emulated vCPUs on busy processors take a while. */
const bootLimitMs = 180_000;

export interface LaunchedVm {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly [field: string]: unknown;
}

export class VirtLauncher implements AsyncDisposable {
  readonly #bed: Bed;
  readonly #uid: string;
  readonly #process: ChildProcess;

  private constructor(bed: Bed, uid: string, process: ChildProcess) {
    this.#bed = bed;
    this.#uid = uid;
    this.#process = process;
  }

  /** In a bed that was made a launcher's container; `sidecars` is the number of hooks that it waits for. */
  static async start(
    bed: Bed,
    { namespace, vmi, sidecars }: { readonly namespace: string; readonly vmi: LaunchedVm; readonly sidecars: number },
  ): Promise<VirtLauncher> {
    await bed.must("cp", "--dereference", `${componentDirectory()}/virt-launcher`, "/run/bin/");
    const { metadata } = vmi;
    const flags = [
      ...["--name", metadata.name, "--namespace", metadata.namespace, "--uid", metadata.uid],
      ...["--qemu-timeout", "3m", "--grace-period-seconds", "0", "--hook-sidecars", `${sidecars}`],
      ...["--run-as-nonroot", "--allow-emulation"],
    ];
    // sh is the first process of the namespace: it reaps what is left
    const script = `trap exit TERM; ${cpuset} && "$@" >${log} 2>&1 & wait`;
    const argv = ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "sh", "-c", script, "sh"];
    const child = spawnInPod(bed, {
      namespace,
      argv: [...argv, ...asLauncher, "/run/bin/virt-launcher", ...flags],
      env,
    });
    const launcher = new VirtLauncher(bed, metadata.uid, child);
    try {
      await eventually("virt-launcher is ready", () => child.exitCode !== null || existsSync(bed.path(socket)));
      assert.equal(child.exitCode, null, launcher.log);
      return launcher;
    } catch (error) {
      await launcher[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Asks for the VM, and ends when libvirt has started it, or has not. */
  startVm(vmi: LaunchedVm): Promise<Finished> {
    return this.#bed.run([`${componentDirectory()}/start-vm`, socket], { stdin: JSON.stringify(vmi) });
  }

  /** What virt-launcher and libvirt have said so far. */
  get log(): string {
    return this.#read(log);
  }

  /** What the guest told over its console, down to the line "end". @throws with the log when it does not come so far */
  async told(): Promise<string> {
    const told = (): string => this.#read(`/run/kubevirt-private/${this.#uid}/virt-serial0-log`);
    try {
      for await (const _ of setInterval(50, undefined, { signal: AbortSignal.timeout(bootLimitMs) })) {
        if (/^end\r?$/m.test(told())) break;
      }
      return told();
    } catch (cause) {
      throw new Error(`cannot learn from the guest:\n${told()}\n${this.log.split("\n").slice(-60).join("\n")}`, {
        cause,
      });
    }
  }

  #read(inside: string): string {
    const path = this.#bed.path(inside);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const first = firstChild(this.#process);
    await endProcess(this.#process, first === undefined ? {} : { pid: first, signal: "SIGTERM" });
  }
}
