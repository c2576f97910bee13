// A launcher pod as virt-handler finds it before a VM starts: eth0 with an address, and a process whose pid leads there.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import type { Bed, NetworkLink } from "../integration/bed.ts";
import { type PeerAnswer, parseAnswer } from "./peer.ts";

/** What KubeVirt leaves as it is on a tap that it finds; `flags` are those of TUNSETIFF. */
export interface TapFacts {
  readonly ifindex: number;
  readonly flags: string;
  readonly owner: string;
  readonly group: string;
  readonly mac: string;
  readonly alias: string | undefined;
  readonly qdisc: string;
}

export class LauncherPod implements AsyncDisposable {
  readonly #bed: Bed;
  readonly #namespace: string;
  readonly #process: ChildProcess;

  private constructor(bed: Bed, namespace: string, process: ChildProcess) {
    this.#bed = bed;
    this.#namespace = namespace;
    this.#process = process;
  }

  static async start(bed: Bed, namespace: string): Promise<LauncherPod> {
    for (const command of [
      "link set lo up",
      "link add eth0 mtu 1450 type veth peer name peer0",
      "addr add 10.0.0.2/24 dev eth0",
      "link set eth0 up",
      "link set peer0 up",
    ]) {
      await bed.must("ip", "-n", namespace, ...command.split(" "));
    }
    // says that it is inside, then ends with its stdin, so also when the test is killed
    const inside = ["sh", "-c", "echo inside; exec cat"];
    const netns = bed.path(`/run/netns/${namespace}`);
    const child = spawn("nsenter", [`--net=${netns}`, ...inside], { stdio: ["pipe", "pipe", "inherit"] });
    const [said] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    assert.equal(String(said), "inside\n");
    return new LauncherPod(bed, namespace, child);
  }

  /** Runs phase 1 of KubeVirt's network setup for the VMI, as virt-handler does once the pod is ready. */
  async phase1(vmi: object): Promise<PeerAnswer> {
    const components = componentDirectory();
    const { status, stdout, stderr } = await this.#bed.run([`${components}/kubevirt-peer`, "phase1"], {
      env: { PATH: `${components}:/usr/sbin:/usr/bin:/sbin:/bin` },
      stdin: JSON.stringify({ vmi, pid: this.#process.pid }),
    });
    assert.equal(status, 0, stderr);
    return parseAnswer(stdout);
  }

  async link(name: string): Promise<NetworkLink | undefined> {
    return this.#bed.link(this.#namespace, name);
  }

  async tap(name: string): Promise<TapFacts> {
    const link = await this.link(name);
    assert.ok(link, `there is no ${name}`);
    const [owner, group] = await this.#bed.ownership(this.#namespace, name);
    const inNamespace = ["ip", "netns", "exec", this.#namespace, "cat"];
    const flags = await this.#bed.must(...inNamespace, `/sys/class/net/${name}/tun_flags`);
    return {
      ifindex: link.ifindex,
      flags: flags.trim(),
      owner,
      group,
      mac: link.address,
      alias: link.ifalias,
      qdisc: link.qdisc,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}
