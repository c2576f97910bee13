// libvirt and QEMU in a pod's network namespace, as uid 107 without capabilities, as in KubeVirt's launcher. They live in a
// process namespace of their own, so that QEMU, which leaves its parent, ends with them.

import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { setInterval } from "node:timers/promises";
import { eventually } from "../fakes/eventually.ts";
import type { Finished } from "../integration/bed.ts";
import { asQemu } from "../integration/hook.ts";
import { endProcess, firstChild, home, type Place, spawnInPod } from "./container.ts";
import { type Domain, domainXml } from "./domain.ts";
import { type GuestReport, parseGuestReport } from "./guest-report.ts";

/** Eight emulated vCPUs on two busy processors take a while. */
const bootLimitMs = 240_000;
/**
 * A guest that has not said a word by then never will. Without KVM, QEMU 7.2 loses about one boot in twenty of 8 vCPUs: while
 * the guest's kernel looks for PCI devices, before it has drivers, it stops, or a vCPU's thread of QEMU crashes.
 */
const silenceLimitMs = 60_000;
/** Looking costs time that the guest needs. */
const pollMs = 50;

export class Launcher implements AsyncDisposable {
  readonly #place: Place;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(place: Place, folder: string, process: ChildProcess) {
    this.#place = place;
    this.#folder = folder;
    this.#process = process;
  }

  /** libvirt answers when this returns. Its sockets lie below `name`, and their paths may have 107 bytes. @throws with what it said. */
  static async start(place: Place, namespace: string, name = namespace): Promise<Launcher> {
    const folder = `${home}/${name}`;
    place.write(`${folder}/config/libvirt/qemu.conf`, 'stdio_handler = "file"\nsecurity_driver = "none"\n');
    // VMs migrate between different hosts only
    place.write(`${folder}/config/libvirt/libvirtd.conf`, `host_uuid = "${randomUUID()}"\n`);
    await place.must("mkdir", "-p", `${folder}/run`, `${folder}/serial`);
    await place.must("chown", "-R", "107:107", folder);
    // sh is the first process of the namespace: it reaps what QEMU leaves
    const script = `trap exit TERM; ${asQemu.join(" ")} libvirtd >${folder}/log 2>&1 & wait`;
    const child = spawnInPod(place, {
      namespace,
      argv: ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "sh", "-c", script],
      env: {
        HOME: folder,
        XDG_CONFIG_HOME: `${folder}/config`,
        XDG_RUNTIME_DIR: `${folder}/run`,
        XDG_CACHE_HOME: `${folder}/cache`,
        XDG_DATA_HOME: `${folder}/data`,
      },
    });
    const launcher = new Launcher(place, folder, child);
    try {
      const socket = place.path(launcher.#socket);
      await eventually("libvirt listens", () => child.exitCode !== null || existsSync(socket));
      await launcher.must("version");
      return launcher;
    } catch (cause) {
      await launcher[Symbol.asyncDispose]();
      throw new Error(`cannot start libvirt: ${readFileSync(place.path(`${folder}/log`), "utf8")}`, { cause });
    }
  }

  /** Of a process in the pod's network namespace. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get #socket(): string {
    return `${this.#folder}/run/libvirt/libvirt-sock`;
  }

  get #uri(): string {
    return `qemu+unix:///session?socket=${this.#socket}`;
  }

  /** One command of libvirt's client, as QEMU's user. */
  virsh(...words: readonly string[]): Promise<Finished> {
    return this.#place.run([...asQemu, "virsh", "-q", "-c", this.#uri, ...words]);
  }

  /** Live, over sockets of the file system, as KubeVirt's launchers do. */
  migrate(name: string, target: Launcher): Promise<Finished> {
    const to = `unix://${target.#folder}/run/migration.sock`;
    return this.virsh("migrate", "--live", "--p2p", name, target.#uri, "--migrateuri", to);
  }

  /** A command that must succeed; returns what it printed. */
  async must(...words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.virsh(...words);
    if (status !== 0) throw new Error(`cannot ${words.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** libvirt's and QEMU's, as libvirt tells them. */
  async versions(): Promise<string> {
    const [, libvirt, , qemu] = (await this.must("version")).split("\n").map((line) => line.split(": ")[1]);
    return `${libvirt}, ${qemu}`;
  }

  /** The document that libvirt is given for a domain, before any hook. */
  xmlOf(domain: Domain): string {
    return domainXml(domain, (port) => this.serialFile(domain, port));
  }

  /** Makes libvirt know a domain, in place of one of the same name. */
  async define(xml: string): Promise<void> {
    this.#place.write(`${this.#folder}/domain.xml`, xml);
    await this.must("define", `${this.#folder}/domain.xml`);
  }

  /** What the guest of a started domain tells of its queues and flows. @throws with its console when it cannot */
  async reportOf(domain: Pick<Domain, "name">): Promise<GuestReport> {
    return parseGuestReport(await this.toldBy(domain));
  }

  /**
   * Waits until a guest has told everything, down to the line "end"; one that hangs before it says a word is started again.
   * @throws with its console when it cannot
   */
  async toldBy(domain: Pick<Domain, "name">): Promise<string> {
    const said = (port: string): string => {
      const path = this.#place.path(this.serialFile(domain, port));
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    };
    try {
      let startedMs = performance.now();
      for await (const _ of setInterval(pollMs, undefined, { signal: AbortSignal.timeout(bootLimitMs) })) {
        const told = said("stdout");
        if (/^end$/m.test(told) || said("status") !== "") break;
        if (told === "" && performance.now() - startedMs > silenceLimitMs) {
          await this.#startAgain(domain);
          startedMs = performance.now();
        }
      }
      if (said("status") !== "") throw new Error("its script ended");
      return said("stdout");
    } catch (cause) {
      const lines = ["console", "stdout", "stderr", "status"].map(said).join("\n").split("\n");
      throw new Error(`cannot learn from the guest:\n${lines.slice(-80).join("\n")}`, { cause });
    }
  }

  async #startAgain({ name }: Pick<Domain, "name">): Promise<void> {
    console.log(`# the guest of ${name} has said nothing for ${silenceLimitMs / 1000} s: it is started again`);
    await this.virsh("destroy", name); // fails where QEMU has crashed
    await this.must("start", name);
  }

  /** Where a port of the guest's writes to. */
  serialFile({ name }: Pick<Domain, "name">, port: string): string {
    return `${this.#folder}/serial/${name}-${port}`;
  }

  /** The first process of its namespace ends, with it all the others, and then unshare(1) does. */
  async [Symbol.asyncDispose](): Promise<void> {
    const first = firstChild(this.#process);
    await endProcess(this.#process, first === undefined ? {} : { pid: first, signal: "SIGTERM" });
  }
}
