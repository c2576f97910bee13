// A launcher's pod: its network namespace with the bridge that KubeVirt puts its taps on, libvirt in it, taps by the built
// plugin, and what the kernel tells of them.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Bed } from "../integration/bed.ts";
import { type PluginCall, succeed } from "../integration/plugin.ts";
import { endProcess, type Place, spawnInPod } from "./container.ts";
import { Launcher } from "./launcher.ts";

/** As KubeVirt has them under masquerade. */
const bridge = "k6t-eth0";
const address = "10.0.2.1";
const guestAddress = "10.0.2.2";
/** Size of the file that the guest fetches. */
export const blobBytes = 1 << 20;

/** A web server at the bridge's address, from which the guest fetches a file. */
export async function startWebServer(place: Place, namespace: string): Promise<ChildProcess> {
  place.write("/run/www/blob", "x".repeat(blobBytes));
  const argv = ["busybox", "httpd", "-f", "-p", `${address}:80`, "-h", "/run/www"];
  const webServer = spawnInPod(place, { namespace, argv });
  await once(webServer, "spawn");
  return webServer;
}

/** A tap as the kernel tells of it. */
export interface TapState {
  readonly index: number;
  /** Open ones, enabled or not; undefined for a single-queue tap, which does not count. */
  readonly queues: number | undefined;
  readonly enabledQueues: number | undefined;
  readonly isOpen: boolean;
  readonly isPersistent: boolean;
  readonly isMultiQueue: boolean;
  readonly owner: readonly [uid: string, gid: string];
  readonly qdisc: string;
  readonly alias: string | undefined;
  readonly master: string | undefined;
}

export class LauncherPod implements AsyncDisposable {
  readonly bed: Bed;
  readonly namespace: string;
  readonly netns: string;
  readonly launcher: Launcher;
  readonly #webServer: ChildProcess;

  private constructor(
    bed: Bed,
    namespace: string,
    { launcher, webServer }: { launcher: Launcher; webServer: ChildProcess },
  ) {
    this.bed = bed;
    this.namespace = namespace;
    this.netns = `/run/netns/${namespace}`;
    this.launcher = launcher;
    this.#webServer = webServer;
  }

  /** In a bed that was made a launcher's container. */
  static async open(bed: Bed, namespace: string): Promise<LauncherPod> {
    await bed.addNamespace(namespace);
    for (const words of [
      "link set lo up",
      `link add ${bridge} type bridge`,
      `addr add ${address}/24 dev ${bridge}`,
      `link set ${bridge} up`,
    ]) {
      await bed.must("ip", "-n", namespace, ...words.split(" "));
    }
    const launcher = await Launcher.start(bed, namespace);
    const webServer = await startWebServer(bed, namespace);
    return new LauncherPod(bed, namespace, { launcher, webServer });
  }

  /** ADD by the built plugin: a tap on the pod's bridge. */
  async addTap(ifName: string, conf: PluginCall["conf"] & object): Promise<void> {
    await succeed(this.bed, { command: "ADD", netns: this.netns, ifName, conf: { bridge, ...conf } });
  }

  async deleteTap(ifName: string): Promise<void> {
    await succeed(this.bed, { command: "DEL", netns: this.netns, ifName });
  }

  async tap(name: string): Promise<TapState | undefined> {
    const link = await this.bed.link(this.namespace, name);
    const data = link?.linkinfo?.info_data;
    if (link === undefined || data === undefined) return undefined;
    const count = (key: string): number | undefined => (typeof data[key] === "number" ? data[key] : undefined);
    const enabledQueues = count("numqueues");
    return {
      index: link.ifindex,
      queues: enabledQueues === undefined ? undefined : enabledQueues + (count("numdisabled") ?? 0),
      enabledQueues,
      isOpen: link.flags.includes("LOWER_UP"),
      isPersistent: data["persist"] === true,
      isMultiQueue: data["multi_queue"] === true,
      owner: await this.bed.ownership(this.namespace, name),
      qdisc: link.qdisc,
      alias: link.ifalias,
      master: link.master,
    };
  }

  /** From the bridge's side. */
  async pingGuest(): Promise<void> {
    const ping = ["busybox", "ping", "-c", "3", "-i", "0.2", "-W", "5", guestAddress];
    await this.bed.must("ip", "netns", "exec", this.namespace, ...ping);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcess(this.#webServer);
    await this.launcher[Symbol.asyncDispose]();
  }
}
