// What to do with one sysctl, from what is wanted, what is there and what we remember. Pure: desired in, operation out.
// Restore only what is still ours; save the original before the first write; never write what is already so.

import type { SavedKey } from "./state.ts";
import type { Live } from "./sysctl-tree.ts";

export interface WantedKey {
  readonly value: string;
  readonly onRemoval: "Restore" | "Retain";
}

export interface KeySituation {
  /** undefined: no profile asks for this key (any more). */
  readonly wanted: WantedKey | undefined;
  readonly live: Live;
  readonly saved: SavedKey | undefined;
  readonly bootId: string;
  /** state.json was lost in this boot: what is there may be ours. */
  readonly originalsLost: boolean;
  /** Someone else, or the kernel, has undone our value too often lately. */
  readonly isExhausted: boolean;
}

export type KeyPlan =
  /** Nothing to write; `save` where what we remember changes all the same. */
  | { readonly kind: "none"; readonly save: SavedKey | undefined; readonly isClamped: boolean }
  /** Save `save`, then write its `desired`. A repeat is one more try for a value that was written before. */
  | { readonly kind: "write"; readonly save: SavedKey; readonly isRepeat: boolean }
  /** The value stays another one: it is not tried again for now. */
  | { readonly kind: "yield" }
  | { readonly kind: "restore"; readonly value: string }
  /** No longer ours: forget it, and say why where a person should know. */
  | { readonly kind: "forget"; readonly notice: string | undefined }
  | { readonly kind: "unsupported" }
  | { readonly kind: "unreadable"; readonly message: string };

export function planKey(situation: KeySituation): KeyPlan {
  const saved = situation.saved?.bootId === situation.bootId ? situation.saved : undefined;
  const { wanted, live } = situation;
  if (wanted === undefined) return planRemoval(situation, saved);
  if (live.kind === "absent") return { kind: "unsupported" };
  if (live.kind === "unreadable") return { kind: "unreadable", message: live.message };
  if (saved === undefined) return planFirst(situation, wanted, live.value);

  const { value, onRemoval } = wanted;
  if (live.value === value) return keep({ ...saved, desired: value, readBack: value, ours: [value], onRemoval }, saved);
  const isNew = saved.desired !== value;
  if (!isNew && saved.readBack === live.value) return { ...keep({ ...saved, onRemoval }, saved), isClamped: true };
  if (!isNew && situation.isExhausted) return { kind: "yield" };
  const ours = [...new Set([value, ...saved.ours])];
  return { kind: "write", save: { ...saved, desired: value, readBack: null, ours, onRemoval }, isRepeat: !isNew };
}

function planFirst(situation: KeySituation, { value, onRemoval }: WantedKey, live: string): KeyPlan {
  const original = situation.originalsLost ? null : live;
  const save = { bootId: situation.bootId, original, desired: value, readBack: null, ours: [value], onRemoval };
  if (live === value) return { kind: "none", save: { ...save, readBack: value }, isClamped: false };
  return { kind: "write", save, isRepeat: false };
}

function planRemoval({ live, saved: anySaved }: KeySituation, saved: SavedKey | undefined): KeyPlan {
  if (anySaved === undefined) return { kind: "none", save: undefined, isClamped: false };
  // Another boot has brought its own values already.
  if (saved === undefined || live.kind === "absent" || saved.onRemoval === "Retain") {
    return { kind: "forget", notice: undefined };
  }
  if (live.kind === "unreadable") return { kind: "unreadable", message: live.message };
  if (live.value === saved.original) return { kind: "forget", notice: undefined };
  if (saved.original === null) {
    const notice = `left at ${live.value}: the value before mqtap's first write is not known any more`;
    return { kind: "forget", notice };
  }
  if (saved.ours.includes(live.value)) return { kind: "restore", value: saved.original };
  const notice = `left at ${live.value}: someone else has changed it since mqtap set ${saved.desired}`;
  return { kind: "forget", notice };
}

function keep(next: SavedKey, saved: SavedKey): { kind: "none"; save: SavedKey | undefined; isClamped: boolean } {
  const isSame = JSON.stringify(next) === JSON.stringify(saved);
  return { kind: "none", save: isSame ? undefined : next, isClamped: false };
}
