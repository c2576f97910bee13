// NodeNetworkConfig: what people write. Which nodes, how many queues, how fast.
import * as z from "zod/mini";
import { conditionList, conditionSchema } from "./condition.ts";
import { labelSelectorSchema } from "./label-selector.ts";
import { keepFields, keepItems } from "./lenient.ts";
import { apiVersion, parseResource, type ResourceKind } from "./resource.ts";
import type { ResourceMetadata } from "./resource-metadata.ts";
import { rolloutSchema } from "./rollout.ts";
import { type DeepReadonly, described, listMap, text, whole } from "./schema.ts";
import { sysctlSchema } from "./sysctl.ts";
import { enforcementSchema, maxQueuesPerVMSchema, maxQueuesSchema, onRemovalSchema } from "./tuntap.ts";

const tuntap = described(
  z.object({
    maxQueues: z.optional(maxQueuesSchema),
    maxQueuesPerVM: z.optional(maxQueuesPerVMSchema),
    enforcement: z.optional(enforcementSchema),
  }),
  "Limits of the multiqueue tap devices of virtual machines. A field left out is left to other configs.",
);

const spec = described(
  z.object({
    nodeSelector: described(labelSelectorSchema, "The nodes meant, by their labels; {} selects all Linux nodes."),
    priority: z._default(
      whole("Where several configs set the same key for a node, the highest priority wins, key by key.", 0, 1000),
      0,
    ),
    tuntap: z.optional(tuntap),
    sysctls: z.optional(
      listMap(sysctlSchema, {
        key: "name",
        maxItems: 16,
        description: "Sysctls of the node's init network namespace that many queues make worth setting.",
      }),
    ),
    rollout: z.prefault(rolloutSchema, {}),
    paused: z._default(
      described(z.boolean(), "True stops this config: no node takes a change of it until it is false again."),
      false,
    ),
    onRemoval: z._default(onRemovalSchema, "Restore"),
  }),
  "What is wanted.",
);

const count = (description: string) => z.optional(whole(description, 0, 2_147_483_647));

const enforcedBy = z.object({
  sysctl: count("Nodes whose kernel has a sysctl for the limit, set by mqtap."),
  bpf: count("Nodes where a BPF program holds the limit."),
  advisory: count("Nodes where plugin and hook obey the limit and nothing refuses."),
});

const nodes = z.object({
  enforced: z.optional(text('Nodes where the kernel refuses beyond the limit, of those matched: "100/120".', 32)),
  progress: z.optional(text('Nodes that are not under way any more, of those matched: "119/120".', 32)),
  matched: count("Nodes selected: the sum of ready, progressing, failed and unreachable."),
  ready: count("Nodes that have applied what this config asks for."),
  progressing: count("Nodes that have not yet applied it."),
  failed: count("Nodes that cannot apply it; see failing."),
  unreachable: count("Nodes whose agent cannot be reached."),
  unsupported: count("Nodes whose kernel lacks one of the keys. This is normal."),
  overridden: count("Nodes where someone else changes one of the keys back."),
  enforcedBy: z.optional(described(enforcedBy, "The nodes by what holds the limit there.")),
});

const failing = z.object({
  node: text("The node's name.", 253),
  reason: text("Why, as one word.", 256),
  message: text("Why, and what to do next.", 1024, 0),
});

const status = described(
  z.object({
    observedGeneration: z.optional(
      described(z.int().check(z.minimum(0)), "The metadata.generation this status is about."),
    ),
    conditions: z.optional(conditionList(["Ready", "Progressing", "Degraded", "Conflicting", "Paused"])),
    nodes: z.optional(described(nodes, "How many nodes stand where.")),
    failing: z.optional(
      listMap(failing, {
        key: "node",
        maxItems: 10,
        description: "The first ten nodes that cannot apply this config, and why.",
      }),
    ),
  }),
  "How far it is. Written by the controller alone.",
);

type NodeNetworkConfigSpec = DeepReadonly<z.output<typeof spec>>;

/** What the controller found; every field may be missing. */
export type NodeNetworkConfigStatus = DeepReadonly<z.output<typeof status>>;

/** A config as the API server stores it: every default is filled in. */
export interface NodeNetworkConfig {
  readonly apiVersion: typeof apiVersion;
  readonly kind: "NodeNetworkConfig";
  readonly metadata: ResourceMetadata;
  readonly spec: NodeNetworkConfigSpec;
  readonly status: NodeNetworkConfigStatus;
}

/** A status of any version: conditions, counts and failing nodes that we understand. */
export function parseNodeNetworkConfigStatus(value: unknown): NodeNetworkConfigStatus {
  const readNodes = { ...nodes.shape, enforcedBy: (found: unknown) => keepFields(enforcedBy.shape, found) };
  return keepFields(
    {
      observedGeneration: status.shape.observedGeneration,
      conditions: (found: unknown) => keepItems(conditionSchema, found),
      nodes: (found: unknown) => keepFields(readNodes, found),
      failing: (found: unknown) => keepItems(failing, found),
    },
    value,
  );
}

/** @throws InvalidResourceError for a spec the API server would not have let through */
export function parseNodeNetworkConfig(value: unknown): NodeNetworkConfig {
  const parsed = parseResource("NodeNetworkConfig", spec, value);
  return { apiVersion, kind: "NodeNetworkConfig", ...parsed, status: parseNodeNetworkConfigStatus(parsed.status) };
}

/** For the generator. */
export const nodeNetworkConfigKind: ResourceKind = {
  kind: "NodeNetworkConfig",
  singular: "nodenetworkconfig",
  plural: "nodenetworkconfigs",
  shortName: "mqc",
  description:
    "NodeNetworkConfig says how many queues the tap devices of virtual machines may have on the nodes it selects," +
    " and how fast a change reaches those nodes.",
  columns: [
    {
      name: "Queues",
      type: "integer",
      jsonPath: ".spec.tuntap.maxQueues",
      description: "The most queues one tap may have.",
    },
    { name: "Matched", type: "integer", jsonPath: ".status.nodes.matched", description: "Nodes selected." },
    { name: "Ready", type: "integer", jsonPath: ".status.nodes.ready", description: "Nodes that have applied it." },
    { name: "Failed", type: "integer", jsonPath: ".status.nodes.failed", description: "Nodes that cannot apply it." },
    {
      name: "Enforced",
      type: "string",
      jsonPath: ".status.nodes.enforced",
      description: "Nodes where the kernel refuses beyond the limit.",
    },
    {
      name: "Progress",
      type: "string",
      jsonPath: ".status.nodes.progress",
      description: "Nodes that are not under way any more, of those selected.",
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Time since creation." },
  ],
  spec,
  status,
};
