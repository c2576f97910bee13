// The agent's own memory across restarts and reboots: what was there before us, what was applied last, and the queues
// planned for each attachment. This file is the shape and its changes (pure); state-store.ts keeps it on disk.

import * as z from "zod/mini";
import { keepFields } from "../../crds/lenient.ts";
import { type NodeNetworkProfileSpec, parseNodeNetworkProfile } from "../../crds/node-network-profile.ts";
import { InvalidResourceError } from "../../crds/resource.ts";
import { obstacles } from "./sizing/queues.ts";

const savedKey = z.object({
  /** The boot in which all this was seen; another boot has other values. */
  bootId: z.string(),
  /** Value before our first write; null where it is not known any more. */
  original: z.nullable(z.string()),
  /** What we want there. */
  desired: z.string(),
  /** What was read after our last write; null between the intent and the write. */
  readBack: z.nullable(z.string()),
  /** Values that count as written by us. */
  ours: z.array(z.string()),
  onRemoval: z.enum(["Restore", "Retain"]),
});

const attachment = z.object({
  podUid: z.string(),
  pod: z.string(),
  vmi: z.string(),
  vmiUid: z.string(),
  network: z.string(),
  tapName: z.string(),
  wanted: z.number(),
  queues: z.number(),
  why: z.string(),
  at: z.string(),
  /** What all caps together wish, where something keeps them from being applied; absent: `queues`. */
  wished: z.optional(z.number()),
  obstacle: z.optional(z.enum(obstacles)),
  /** KubeVirt made the tap and we adopted it: its alias carries no attachment id, so `netns` has to be known. */
  isAdopted: z.optional(z.boolean()),
  /** Path of the pod's network namespace, as a runtime gave it or as the tap was first seen in. */
  netns: z.optional(z.string()),
  /** Reasons of the events that verification has told the VM's owner. */
  said: z.optional(z.array(z.string())),
});

const placedFile = z.object({
  path: z.string(),
  /** Of everything we put there, newest last. */
  sha256s: z.array(z.string()),
  /** Number and birth of the files that these were, newest last. */
  inodes: z.array(z.string()),
});

const stateFile = z.object({
  version: z.literal(1),
  /** The boot that `attachments` belong to: no sandbox survives a reboot. */
  bootId: z.string(),
  /** The boot in which state.json was found corrupt: originals of that boot are lost. */
  originalsLostIn: z.nullable(z.string()),
  /** By path below the sysctl root. */
  keys: z.record(z.string(), savedKey),
  /** A {@link lastProfile}. */
  profile: z.unknown(),
  /** By attachment id, oldest first. */
  attachments: z.record(z.string(), z.unknown()),
  /** Files that we put on the host. Absent in states of agents that installed nothing. */
  placed: z.optional(z.unknown()),
});

const lastProfile = z.object({ name: z.string(), uid: z.string(), generation: z.number(), spec: z.unknown() });

/** What is known about one sysctl that we have written, or were about to write. */
export type SavedKey = z.output<typeof savedKey>;

/** E for one attachment, and for whom. */
export type Attachment = z.output<typeof attachment>;

/** A file of ours on the host. */
export type Placed = z.output<typeof placedFile>;

/** Which file. */
export type PlacedName = "plugin" | "policy";

/** The profile that was applied last. */
export interface LastProfile {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly spec: NodeNetworkProfileSpec;
}

export interface AgentState {
  readonly version: 1;
  readonly bootId: string;
  readonly originalsLostIn: string | null;
  readonly keys: Readonly<Record<string, SavedKey>>;
  readonly profile: LastProfile | null;
  readonly attachments: Readonly<Record<string, Attachment>>;
  readonly placed?: { readonly [N in PlacedName]?: Placed | undefined } | undefined;
}

/** Most attachments remembered; far more than pods fit on a node. */
export const mostAttachments = 4096;

export function emptyState(bootId: string, originalsLostIn: string | null = null): AgentState {
  return { version: 1, bootId, originalsLostIn, keys: {}, profile: null, attachments: {} };
}

/** What was there before us must be readable as it is. The rest may have been written by a newer agent: what this one does not
 * understand of it is left out, and learned anew. @throws on anything but a state of this version. */
export function parseState(text: string): AgentState {
  const { profile, attachments, placed, ...state } = stateFile.parse(JSON.parse(text));
  const readable = Object.entries(attachments).flatMap(([id, value]): [string, Attachment][] => {
    const parsed = attachment.safeParse(value);
    return parsed.success ? [[id, parsed.data]] : [];
  });
  return {
    ...state,
    profile: parseLastProfile(profile),
    attachments: Object.fromEntries(readable),
    ...(placed === undefined ? {} : { placed: parsePlaced(placed) }),
  };
}

/** The state as a new boot begins with it: attachments have gone with their sandboxes. */
export function inBoot(state: AgentState, bootId: string): AgentState {
  return state.bootId === bootId ? state : { ...state, bootId, attachments: {} };
}

export function withKey(state: AgentState, file: string, key: SavedKey | undefined): AgentState {
  const { [file]: _, ...others } = state.keys;
  return { ...state, keys: key === undefined ? others : { ...others, [file]: key } };
}

/** As many as upgrades back and forth need. */
const mostRemembered = 8;

function withNewest(list: readonly string[], newest: string): string[] {
  return [...list.filter((known) => known !== newest), newest].slice(-mostRemembered);
}

/** What we have put at `path`, if anything. */
export function placedAt(state: AgentState, name: PlacedName, path: string): Placed | undefined {
  const placed = state.placed?.[name];
  return placed?.path === path ? placed : undefined;
}

/** Noted before the file takes its place: whoever comes after a kill knows it as ours. */
export function withPlaced(
  state: AgentState,
  name: PlacedName,
  { path, sha256, inode }: { readonly path: string; readonly sha256: string; readonly inode: string },
): AgentState {
  const { sha256s = [], inodes = [] } = placedAt(state, name, path) ?? {};
  const placed = { path, sha256s: withNewest(sha256s, sha256), inodes: withNewest(inodes, inode) };
  return { ...state, placed: { ...state.placed, [name]: placed } };
}

export function withoutPlaced(state: AgentState, name: PlacedName): AgentState {
  const { [name]: _, ...placed } = state.placed ?? {};
  return { ...state, placed };
}

/** An ADD that is asked again keeps what has been seen and said of its tap. */
export function withAttachment(state: AgentState, id: string, attachment: Attachment): AgentState {
  const { [id]: known, ...others } = state.attachments;
  const kept = known?.podUid === attachment.podUid ? { ...seenOf(known), ...attachment } : attachment;
  const entries = [...Object.entries(others), [id, kept] as const];
  return { ...state, attachments: Object.fromEntries(entries.slice(-mostAttachments)) };
}

export function withoutAttachment(state: AgentState, id: string): AgentState {
  const { [id]: _, ...attachments } = state.attachments;
  return { ...state, attachments };
}

/** Changes those that are still what `before` has under their id; undefined takes one away. */
export function withRevised(
  state: AgentState,
  before: AgentState["attachments"],
  revised: ReadonlyMap<string, Attachment | undefined>,
): AgentState {
  const attachments = Object.entries(state.attachments).flatMap(([id, attachment]): [string, Attachment][] => {
    if (!revised.has(id) || before[id] !== attachment) return [[id, attachment]];
    const next = revised.get(id);
    return next === undefined ? [] : [[id, next]];
  });
  return { ...state, attachments: Object.fromEntries(attachments) };
}

function seenOf({ netns, said }: Attachment): Partial<Attachment> {
  return { ...(netns === undefined ? {} : { netns }), ...(said === undefined ? {} : { said }) };
}

function parseLastProfile(saved: unknown): LastProfile | null {
  const parsed = lastProfile.safeParse(saved);
  if (!parsed.success) return null;
  const { name, uid, generation } = parsed.data;
  try {
    const { spec } = parseNodeNetworkProfile({ metadata: { name, uid, generation }, spec: parsed.data.spec });
    return { name, uid, generation, spec };
  } catch (error) {
    if (error instanceof InvalidResourceError) return null;
    throw error;
  }
}

function parsePlaced(saved: unknown): AgentState["placed"] {
  return keepFields({ plugin: placedFile, policy: placedFile }, saved);
}
