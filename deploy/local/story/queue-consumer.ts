// A stand-in for QEMU: a process of uid 107 in the pod's network namespace that attaches to its taps and stays.
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import type { DemoNode } from "../demo-node.ts";
import { type ConsumerAnswer, type ConsumerRequest, parseConsumerAnswer } from "./queue-consumer-protocol.ts";

/** Holds the queues it opened until it is disposed of. */
export interface QueueConsumer extends AsyncDisposable {
  open(request: ConsumerRequest): Promise<ConsumerAnswer>;
}

const program = path.join(import.meta.dirname, "queue-consumer-program.ts");

/** Starts one that can open up to `descriptors` queues of the namespace at `netns`. */
export function startQueueConsumer(
  node: DemoNode,
  { netns, descriptors }: { readonly netns: string; readonly descriptors: number },
): QueueConsumer {
  const [command = "", ...args] = node.enter([
    "nsenter",
    `--net=${netns}`,
    "--",
    process.execPath,
    program,
    String(descriptors),
  ]);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  child.stdin.on("error", () => {}); // the reader below reports that it has ended
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async open(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error(`the queue consumer has ended: ${complaint.trim()}`);
      return parseConsumerAnswer(answer.value);
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
