// Holds queues of a pod's taps open, as a running QEMU does.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseConsumerAnswer } from "../../deploy/local/story/queue-consumer-protocol.ts";
import type { Bed } from "./bed.ts";

const program = fileURLToPath(new URL("../../deploy/local/story/queue-consumer-program.ts", import.meta.url));

/** A process in the pod; its queues are closed when it is disposed of. */
export class QueueHolder implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
  }

  /** For up to so many queues. */
  static async start(
    bed: Bed,
    { namespace, descriptors }: { readonly namespace: string; readonly descriptors: number },
  ): Promise<QueueHolder> {
    const netns = bed.path(`/run/netns/${namespace}`);
    const argv = [`--net=${netns}`, "--", process.execPath, program, String(descriptors)];
    const child = spawn("nsenter", argv, { stdio: ["pipe", "pipe", "inherit"] });
    await once(child, "spawn");
    return new QueueHolder(child);
  }

  /** @throws with the errno where the kernel refuses one. */
  async open(tap: string, queues: number): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify({ tap, queues, isMultiQueue: queues > 1 })}\n`);
    const [line] = await once(this.#child.stdout, "data");
    const { opened, error } = parseConsumerAnswer(String(line));
    if (opened !== queues) throw new Error(`cannot open queue ${opened + 1} of ${tap}: ${error}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    await ended;
  }
}

/** The queues of one tap are open when this returns. */
export async function holdQueues(
  bed: Bed,
  { namespace, tap, queues }: { readonly namespace: string; readonly tap: string; readonly queues: number },
): Promise<AsyncDisposable> {
  const holder = await QueueHolder.start(bed, { namespace, descriptors: queues });
  try {
    await holder.open(tap, queues);
    return holder;
  } catch (error) {
    await holder[Symbol.asyncDispose]();
    throw error;
  }
}
