// The plugin's own log on a node: each call that failed, with its code.
import { z } from "zod";
import type { BedNode } from "../../deploy/local/bed/node.ts";

const lineSchema = z.object({
  verb: z.string(),
  level: z.string(),
  msg: z.string(),
  code: z.int().optional(),
  details: z.string().optional(),
  pod: z.string().optional(),
});

/** A call that failed. */
export interface FailedCall {
  readonly verb: string;
  readonly code: number;
  readonly message: string;
  readonly details: string | undefined;
  /** namespace/name */
  readonly pod: string | undefined;
}

/** All of them that the log still has, the oldest first. */
export async function readFailedCalls(node: BedNode): Promise<readonly FailedCall[]> {
  const { stdout } = await node.run(["sh", "-c", "cat /var/log/mqtap.log.1 /var/log/mqtap.log 2>/dev/null; true"]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const { verb, msg, code, details, pod } = lineSchema.parse(JSON.parse(line));
      return code === undefined ? [] : [{ verb, code, message: msg, details, pod }];
    });
}
