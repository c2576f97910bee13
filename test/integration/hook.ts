// Runs the built hook as KubeVirt's sidecar does: in the pod's network namespace, as uid 107 without capabilities, with nothing
// on stdin. It counts how often the hook has waited, so that a test can do something while it does.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { readProcFile } from "../../deploy/local/setup/proc.mjs";
import { eventually } from "../fakes/eventually.ts";
import type { Bed, Finished } from "./bed.ts";
import type { MemoryCgroup } from "./memory-cgroup.ts";

export interface HookCall {
  readonly namespace: string;
  /** How it is started, with what it is told; by its own name, unless told. */
  readonly argv: readonly string[];
  /** What the whole run is put into. */
  readonly cgroup?: MemoryCgroup;
}

/** uid and gid of QEMU in KubeVirt's launcher; nothing that could be gained back. */
export const asQemu =
  "setpriv --reuid=107 --regid=107 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs".split(" ");

/** One run that may still wait for taps. */
export class RunningHook {
  readonly #child: ChildProcess;
  readonly finished: Promise<Finished>;

  constructor(bed: Bed, { namespace, argv, cgroup }: HookCall) {
    const ns = `${dirname(bed.path(""))}/ns`;
    const inPod = ["ip", "netns", "exec", namespace, ...asQemu, ...argv];
    const words = [`--mount=${ns}/mnt`, `--net=${ns}/net`, ...(cgroup?.enter(inPod) ?? inPod)];
    const child = spawn("nsenter", words, { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env["PATH"] } });
    this.#child = child;
    this.finished = finish(child);
  }

  /** Returns when the hook has begun to wait for a tap. */
  async waits(): Promise<void> {
    await eventually("the hook sleeps between two looks at its taps", () => this.#hasSlept());
  }

  /** Each of the programs before it becomes the next one by execve(2), so the process is the same. */
  #hasSlept(): boolean {
    const { pid } = this.#child;
    const isHook = /^(mqtap|onDefineDomain)\n$/.test(readProcFile(pid, "comm"));
    return isHook && readProcFile(pid, "wchan").includes("nanosleep");
  }
}

async function finish(child: ChildProcess): Promise<Finished> {
  const out: Buffer[] = [];
  let stderr = "";
  child.stdout?.on("data", (data: Buffer) => out.push(data));
  child.stderr?.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const [status] = await once(child, "close");
  return { status: typeof status === "number" ? status : null, stdout: Buffer.concat(out).toString(), stderr };
}

export interface HookAnswer {
  readonly xml: string;
  /** The one line on stderr. */
  readonly line: Readonly<Record<string, unknown>> | undefined;
}

/** What a hook that must succeed has printed. */
export function answerOf({ status, stdout, stderr }: Finished): HookAnswer {
  assert.equal(status, 0, stderr);
  if (stderr === "") return { xml: stdout, line: undefined };
  assert.equal(stderr.indexOf("\n"), stderr.length - 1, `not one line: ${stderr.slice(0, 500)}`);
  return { xml: stdout, line: JSON.parse(stderr) };
}

/** Calls the hook by the name that KubeVirt's shim looks for. */
export async function callHook(
  bed: Bed,
  { namespace, xml, vmi = "{}" }: { readonly namespace: string; readonly xml: string; readonly vmi?: string },
): Promise<HookAnswer> {
  const argv = ["/run/bin/onDefineDomain", "--vmi", vmi, "--domain", xml];
  return answerOf(await new RunningHook(bed, { namespace, argv }).finished);
}
