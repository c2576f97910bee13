// What the kernel says about the links of a pod, by iproute2 in the pod's own network namespace on its node, and what the
// installed plugin's `mqtap inspect` says of the same.
import { z } from "zod";
import { type InspectReport, parseReport } from "../../../../cni/inspect/report.ts";
import type { BedNode } from "../node.ts";

const cacheSchema = z.object({
  containerId: z.string(),
  ifName: z.string(),
  networkName: z.string(),
  netns: z.string(),
  result: z.record(z.string(), z.unknown()),
  cniArgs: z.array(z.tuple([z.string(), z.string()])),
});

const linkSchema = z.object({
  ifname: z.string(),
  ifindex: z.int(),
  address: z.string(),
  mtu: z.int(),
  qdisc: z.string(),
  flags: z.array(z.string()),
  ifalias: z.string().optional(),
  master: z.string().optional(),
  linkinfo: z
    .object({
      info_kind: z.string().optional(),
      info_data: z
        .object({
          multi_queue: z.boolean().optional(),
          numqueues: z.int().optional(),
          numdisabled: z.int().optional(),
          persist: z.boolean().optional(),
          user: z.union([z.string(), z.int()]).optional(),
          group: z.union([z.string(), z.int()]).optional(),
        })
        .optional(),
    })
    .optional(),
});

/** A link as `ip -d -j link` tells it. */
export type PodLink = Readonly<z.output<typeof linkSchema>>;

/** What the runtime's cache on a node knows of a pod's attachment. */
export interface CachedAttachment {
  readonly podUid: string;
  /** A path on the node. */
  readonly netns: string;
  readonly containerId: string;
  readonly ifName: string;
  readonly networkName: string;
  /** CNI_ARGS as the runtime gave them. */
  readonly args: string;
  /** What the plugins answered. */
  readonly result: Readonly<Record<string, unknown>>;
}

/** All entries of the runtime's cache of CNI results. */
export async function readCniCache(node: BedNode): Promise<readonly CachedAttachment[]> {
  // a file may go while they are listed
  const script =
    "cd /var/lib/cni/results 2>/dev/null || exit 0; for file in *; do cat $file 2>/dev/null && echo; done; true";
  const { stdout } = await node.run(["sh", "-c", script]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((text) => {
      const { cniArgs, ...attachment } = cacheSchema.parse(JSON.parse(text));
      const podUid = cniArgs.find(([name]) => name === "K8S_POD_UID")?.[1] ?? "";
      return { ...attachment, podUid, args: cniArgs.map((pair) => pair.join("=")).join(";") };
    });
}

/** Path, on the node, of the network namespace of the pod with this uid; undefined: the runtime knows none. */
export async function findPodNetns(node: BedNode, podUid: string): Promise<string | undefined> {
  return (await readCniCache(node)).find((attachment) => attachment.podUid === podUid)?.netns;
}

/** The links of a network namespace of the node, by name. */
export async function readPodLinks(node: BedNode, netns: string): Promise<ReadonlyMap<string, PodLink>> {
  const { stdout } = await node.run(["nsenter", `--net=${netns}`, "ip", "-d", "-j", "link"]);
  return new Map(
    z
      .array(linkSchema)
      .parse(JSON.parse(stdout))
      .map((link) => [link.ifname, link]),
  );
}

/** Every tap on the node that is mqtap's, as the installed plugin sees it. */
export async function inspectNode(node: BedNode): Promise<InspectReport> {
  const { stdout } = await node.run(["/opt/cni/bin/mqtap", "inspect", "--all", "-o", "json"]);
  return parseReport(JSON.parse(stdout));
}
