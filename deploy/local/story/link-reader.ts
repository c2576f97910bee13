// What the kernel itself says about the interfaces of a pod.
import path from "node:path";
import { z } from "zod";
import type { DemoNode } from "../demo-node.ts";

const program = path.join(import.meta.dirname, "link-reader-program.ts");

const linksSchema = z.array(
  z.object({
    name: z.string(),
    kind: z.string().optional(),
    isUp: z.boolean(),
    alias: z.string().optional(),
    qdisc: z.string().optional(),
    mtuBytes: z.int(),
    tap: z
      .object({
        isMultiQueue: z.boolean(),
        isPersistent: z.boolean(),
        owner: z.int().optional(),
        group: z.int().optional(),
        queues: z.int().optional(),
        disabledQueues: z.int().optional(),
      })
      .optional(),
  }),
);

/** The part of a link that is shown and checked. */
export type ReportedLink = Readonly<z.output<typeof linksSchema>[number]>;

/** All links of the namespace at `netns`, by name. */
export async function readLinks(node: DemoNode, netns: string): Promise<ReadonlyMap<string, ReportedLink>> {
  const { stdout } = await node.run([process.execPath, program, netns]);
  return new Map(linksSchema.parse(JSON.parse(stdout)).map((link) => [link.name, link]));
}

/** Attached queues, enabled or not; undefined where the kernel does not count them (a single-queue tap). */
export function attachedQueues(link: ReportedLink | undefined): number | undefined {
  const { queues, disabledQueues } = link?.tap ?? {};
  return queues === undefined ? undefined : queues + (disabledQueues ?? 0);
}
