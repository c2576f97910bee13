// The hook's side of a launcher pod: KubeVirt's own sidecar-shim, once for each sidecar, and KubeVirt's own hooks manager,
// which calls them as virt-launcher does. Everything is in the pod's network namespace, as uid 107 without capabilities.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { z } from "zod";
import { componentDirectory } from "../../deploy/local/component-directory.ts";
import { asQemu } from "../integration/hook.ts";
import type { Place } from "../libvirt/container.ts";
import { parseAnswer } from "./peer.ts";

/** A launcher pod: a network namespace of a bed, or of a cluster's node. The built plugin is its /run/bin/mqtap. */
export interface HookedPod {
  readonly bed: Place;
  readonly namespace: string;
}

/** What lies in a sidecar's image as `onDefineDomain`: mqtap, a shell script, or nothing. */
export type HookProgram = "mqtap" | "none" | { readonly script: string; readonly mode?: number };

/** Where virt-launcher looks for sidecars, each in a folder named after its container. */
const sockets = "/run/kubevirt-hooks";

export interface BootCall {
  readonly placeholders?: number;
  readonly rootPorts?: number;
}

const bootSchema = z.object({
  calls: z.array(z.object({ before: z.string(), after: z.string(), failed: z.string() })),
  shutDown: z.literal(""),
});

export type Boot = z.infer<typeof bootSchema>;

export interface Booted extends Boot {
  /** The logs of the sidecars' containers, in order. */
  readonly logs: readonly string[];
}

/** What virt-launcher does with a VMI until libvirt is asked: `hooks` are the pod's sidecars, in their order. */
export async function boot(
  { bed, namespace }: HookedPod,
  {
    vmi,
    hooks,
    calls = [{}],
    hasPod = true,
  }: {
    readonly vmi: object;
    readonly hooks: readonly HookProgram[];
    readonly calls?: readonly BootCall[];
    /** The pod's interfaces are there, so that taps can be filled in. */
    readonly hasPod?: boolean;
  },
): Promise<Booted> {
  await bed.must("sh", "-ec", `rm -rf ${sockets} && mkdir ${sockets}`);
  // from where everybody may run them
  const programs = ["kubevirt-peer", "sidecar-shim"].map((name) => `${componentDirectory()}/${name}`);
  await bed.must("cp", "--update", "--dereference", ...programs, "/run/bin/");
  const sidecars: Sidecar[] = [];
  try {
    for (const [index, hook] of hooks.entries()) {
      sidecars.push(await Sidecar.start({ bed, namespace }, { name: `hook-sidecar-${index}`, hook }));
    }
    const manager = ["ip", "netns", "exec", namespace, ...asQemu, "/run/bin/kubevirt-peer", "hooks"];
    const stdin = JSON.stringify({ vmi, phase2: hasPod, sidecars: hooks.length, calls });
    const { status, stdout, stderr } = await bed.run(manager, { stdin });
    assert.equal(status, 0, stderr);
    const answer = parseAnswer(stdout);
    const said = () => sidecars.map((sidecar) => sidecar.log).join("");
    assert.ok(answer.kind === "reply", answer.kind === "refused" ? `${answer.why}: ${said()}` : "");
    // the manager has told them to end
    const logs = await Promise.all(sidecars.map((sidecar) => sidecar.ended()));
    return { ...bootSchema.parse(answer.reply), logs };
  } finally {
    for (const sidecar of sidecars) await sidecar[Symbol.asyncDispose]();
  }
}

/** One container of the hook's image, or of one like it. */
export class Sidecar implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  log = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#closed = once(child, "close");
    child.stderr?.on("data", (data: Buffer) => {
      this.log += data.toString();
    });
  }

  static async start(
    { bed, namespace }: HookedPod,
    { name, hook }: { readonly name: string; readonly hook: HookProgram },
  ): Promise<Sidecar> {
    const image = `/run/images/${name}`;
    await bed.must("sh", "-ec", `rm -rf ${image} && mkdir -p ${image} && install -d -o 107 -g 107 ${sockets}/${name}`);
    if (hook === "mqtap") await bed.must("cp", "/run/bin/mqtap", `${image}/onDefineDomain`);
    else if (hook !== "none") {
      bed.write(`${image}/onDefineDomain`, hook.script);
      await bed.must("chmod", (hook.mode ?? 0o755).toString(8), `${image}/onDefineDomain`);
    }
    // kubelet mounts the container's own folder at the place of all
    const enter = `mount --bind ${sockets}/${name} ${sockets} && exec "$@"`;
    const shim = ["/run/bin/sidecar-shim", "--version", "v1alpha3"];
    const env = ["env", "-i", `PATH=${image}:/usr/bin:/bin`, `CONTAINER_NAME=${name}`];
    const argv = [...asQemu, "--pdeathsig=KILL", ...env, ...shim];
    const ns = `${dirname(bed.path(""))}/ns`;
    const words = [`--mount=${ns}/mnt`, `--net=${ns}/net`, "ip", "netns", "exec", namespace, "sh", "-ec", enter, "sh"];
    const child = spawn("nsenter", [...words, ...argv], { stdio: ["ignore", "ignore", "pipe"] });
    return new Sidecar(child);
  }

  /** What it has said until it ended by itself. */
  async ended(): Promise<string> {
    await this.#closed;
    assert.equal(this.#child.exitCode, 0, this.log);
    return this.log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }
}
