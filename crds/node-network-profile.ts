// NodeNetworkProfile: one for each node. The controller writes what the node shall have, the node's agent what it has.
import * as z from "zod/mini";
import { conditionList, conditionSchema } from "./condition.ts";
import { keepFields, keepItems } from "./lenient.ts";
import { apiVersion, parseResource, type ResourceKind } from "./resource.ts";
import type { ResourceMetadata } from "./resource-metadata.ts";
import { type DeepReadonly, described, listMap, listSet, text, whole } from "./schema.ts";
import { enforcementSchema, maxQueuesPerVMSchema, maxQueuesSchema, maxTapQueues, onRemovalSchema } from "./tuntap.ts";

const sysctlName = text("The sysctl's name, with dots.", 128);
const sysctlValue = (description: string) => text(description, 64, 0);

const tuntap = z.object({
  maxQueues: z.optional(maxQueuesSchema),
  maxQueuesPerVM: z.optional(maxQueuesPerVMSchema),
  enforcement: enforcementSchema,
  onRemoval: onRemovalSchema,
});

/** The agent holds the name against its own list: a profile that an older agent reads may name more than it knows. */
const sysctl = z.object({
  name: described(sysctlName, "The sysctl's name, with dots.", [
    {
      rule: "self.matches('^net[.]core[.][a-z0-9_]+$')",
      message: "must be a key of net.core",
      holds: (name) => /^net\.core\.[a-z0-9_]+$/.test(name),
    },
  ]),
  value: text("The value it shall have.", 64),
  onRemoval: onRemovalSchema,
});

const source = z.object({
  config: text("The NodeNetworkConfig's name.", 253),
  keys: listSet(z.string().check(z.minLength(1), z.maxLength(128)), {
    maxItems: 32,
    description: "What comes from it: tuntap.maxQueues, tuntap.maxQueuesPerVM, tuntap.enforcement or a sysctl's name.",
  }),
  generation: described(z.int().check(z.minimum(1)), "The config's metadata.generation that was read."),
});

interface SourcedSpec {
  readonly tuntap?: z.output<typeof tuntap> | undefined;
  readonly sysctls: readonly { readonly name: string }[];
  readonly sources: readonly { readonly keys: readonly string[] }[];
}

const comesFrom = ({ sources }: SourcedSpec, key: string): boolean => sources.some(({ keys }) => keys.includes(key));

/** Intent without a config behind it is a mistake of whoever wrote it. */
const hasSource = (field: "maxQueues" | "maxQueuesPerVM") => ({
  rule:
    `!has(self.tuntap) || !has(self.tuntap.${field})` +
    ` || self.sources.exists(source, 'tuntap.${field}' in source.keys)`,
  message: `tuntap.${field} needs a source: no entry of sources has it among its keys`,
  holds: (value: SourcedSpec) => value.tuntap?.[field] === undefined || comesFrom(value, `tuntap.${field}`),
});

const spec = described(
  z.object({
    tuntap: z.optional(described(tuntap, "The limits of this node's taps; absent where no config sets one.")),
    // Server-side apply makes a list map null when its last entry goes; the default makes that the empty list again.
    sysctls: z._default(
      listMap(sysctl, { key: "name", maxItems: 16, description: "The sysctls this node shall have." }),
      [],
    ),
    sources: z._default(
      listMap(source, { key: "config", maxItems: 64, description: "Which config each value comes from." }),
      [],
    ),
    hash: text("Of everything above: equal hashes mean equal wishes.", 64),
  }),
  "What this node shall have, fully resolved. Written by the controller alone.",
  [
    hasSource("maxQueues"),
    hasSource("maxQueuesPerVM"),
    {
      rule: "self.sysctls.all(sysctl, self.sources.exists(source, sysctl.name in source.keys))",
      message: "each sysctl needs a source: an entry of sources that has its name among its keys",
      holds: (value) => value.sysctls.every(({ name }) => comesFrom(value, name)),
    },
  ],
);

const limitBackends = ["Sysctl", "BPF", "Advisory"] as const;

/** What holds a node's limit. */
export type LimitBackend = (typeof limitBackends)[number];

const sysctlStates = ["Applied", "Unsupported", "Overridden", "Failed"] as const;

/** How a sysctl stands on a node. */
export type SysctlState = (typeof sysctlStates)[number];

const tuntapStatus = z.object({
  maxQueues: z.optional(whole("The limit in force for one tap on this node.", 1, maxTapQueues)),
  enforcedBy: z.optional(
    described(
      z.enum(limitBackends),
      "What holds the limit. Sysctl and BPF refuse in the kernel; Advisory: plugin and hook obey it and nothing refuses." +
        " Absent where nothing limits.",
    ),
  ),
  kernelLimit: z.optional(
    whole("What this node's kernel takes for one tap: its sysctl's value, else 256.", 0, 2_147_483_647),
  ),
  original: z.optional(
    described(
      z.nullable(z.int32().check(z.minimum(0))),
      "The kernel sysctl's value before mqtap's first write; null where mqtap has written none.",
    ),
  ),
});

const sysctlStatus = z.object({
  name: sysctlName,
  desired: z.optional(sysctlValue("The value it shall have.")),
  observed: z.optional(sysctlValue("The value read last; absent where the kernel lacks the key.")),
  original: z.optional(
    described(
      z.nullable(z.string().check(z.maxLength(64))),
      "The value before mqtap's first write; null where it wrote none.",
    ),
  ),
  state: described(
    z.enum(sysctlStates),
    "Applied; Unsupported: this kernel lacks the key, which is normal; Overridden: someone else changes it back;" +
      " Failed: see the condition Degraded.",
  ),
});

const status = described(
  z.object({
    observedGeneration: z.optional(
      described(z.int().check(z.minimum(0)), "The metadata.generation this status is about."),
    ),
    appliedHash: z.optional(text("The spec.hash that was applied last.", 64, 0)),
    bootID: z.optional(text("The boot of the node that this status is about.", 64, 0)),
    tuntap: z.optional(described(tuntapStatus, "The limit of this node's taps as it is.")),
    sysctls: z.optional(listMap(sysctlStatus, { key: "name", maxItems: 16, description: "The sysctls as they are." })),
    overLimit: z.optional(whole("VMs that run with more queues than wished.", 0, 2_147_483_647)),
    conditions: z.optional(conditionList(["Applied", "PluginInstalled", "Degraded", "Uninstalled"])),
  }),
  "What this node has. Written by the node's agent alone.",
);

/** What a node shall have, fully resolved. */
export type NodeNetworkProfileSpec = DeepReadonly<z.output<typeof spec>>;

/** What a node has; every field may be missing. */
export type NodeNetworkProfileStatus = DeepReadonly<z.output<typeof status>>;

/** A profile as the API server stores it. */
export interface NodeNetworkProfile {
  readonly apiVersion: typeof apiVersion;
  readonly kind: "NodeNetworkProfile";
  readonly metadata: ResourceMetadata;
  readonly spec: NodeNetworkProfileSpec;
  readonly status: NodeNetworkProfileStatus;
}

/** A status of any version: what we understand of it. */
export function parseNodeNetworkProfileStatus(value: unknown): NodeNetworkProfileStatus {
  return keepFields(
    {
      ...status.shape,
      tuntap: (found: unknown) => keepFields(tuntapStatus.shape, found),
      sysctls: (found: unknown) => keepItems(sysctlStatus, found),
      conditions: (found: unknown) => keepItems(conditionSchema, found),
    },
    value,
  );
}

/** @throws InvalidResourceError for a spec the API server would not have let through */
export function parseNodeNetworkProfile(value: unknown): NodeNetworkProfile {
  const parsed = parseResource("NodeNetworkProfile", spec, value);
  return { apiVersion, kind: "NodeNetworkProfile", ...parsed, status: parseNodeNetworkProfileStatus(parsed.status) };
}

/** For the generator. */
export const nodeNetworkProfileKind: ResourceKind = {
  kind: "NodeNetworkProfile",
  singular: "nodenetworkprofile",
  plural: "nodenetworkprofiles",
  shortName: "mqp",
  description:
    "NodeNetworkProfile is what one node, of the same name, shall have by all NodeNetworkConfigs that select it, and what" +
    " it has. Controller and agent write it; people read it.",
  columns: [
    {
      name: "Queues",
      type: "integer",
      jsonPath: ".spec.tuntap.maxQueues",
      description: "The most queues one tap may have.",
    },
    { name: "EnforcedBy", type: "string", jsonPath: ".status.tuntap.enforcedBy", description: "What holds the limit." },
    {
      name: "OverLimit",
      type: "integer",
      jsonPath: ".status.overLimit",
      description: "VMs with more queues than wished.",
    },
    {
      name: "Applied",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Applied")].status',
      description: "Whether the node has what it shall have.",
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Time since creation." },
  ],
  spec,
  status,
};
