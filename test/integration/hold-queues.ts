// Holds queues of a pod's tap open, as a running QEMU does.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseConsumerAnswer } from "../../deploy/local/story/queue-consumer-protocol.ts";
import type { Bed } from "./bed.ts";

const program = fileURLToPath(new URL("../../deploy/local/story/queue-consumer-program.ts", import.meta.url));

/** The queues are open when this returns, and closed when it is disposed of. */
export async function holdQueues(
  bed: Bed,
  { namespace, tap, queues }: { readonly namespace: string; readonly tap: string; readonly queues: number },
): Promise<AsyncDisposable> {
  const netns = bed.path(`/run/netns/${namespace}`);
  const argv = [`--net=${netns}`, "--", process.execPath, program, String(queues)];
  const child = spawn("nsenter", argv, { stdio: ["pipe", "pipe", "inherit"] });
  const dispose = async (): Promise<void> => {
    const ended = once(child, "exit");
    child.stdin.end();
    await ended;
  };
  child.stdin.write(`${JSON.stringify({ tap, queues, isMultiQueue: queues > 1 })}\n`);
  const [line] = await once(child.stdout, "data");
  const { opened, error } = parseConsumerAnswer(String(line));
  if (opened === queues) return { [Symbol.asyncDispose]: dispose };
  await dispose();
  throw new Error(`cannot open queue ${opened + 1} of ${tap}: ${error}`);
}
