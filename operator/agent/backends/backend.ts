// What holds a node's limit of queues. Backends differ in whether the kernel itself refuses beyond it; the profile loop
// asks them in order of strength and reports the first that holds.

import type { LimitBackend as LimitBackendName } from "../../../crds/node-network-profile.ts";
import type { Problem } from "../reasons.ts";

export interface WantedLimit {
  readonly maxQueues: number;
  readonly onRemoval: "Restore" | "Retain";
}

export type Holding =
  | { readonly kind: "held" }
  /** This node has no such means, which is normal. */
  | { readonly kind: "unsupported" }
  | { readonly kind: "failed" }
  /** Nothing is wanted. */
  | { readonly kind: "idle" };

export interface Held {
  readonly holding: Holding;
  /** The value found before mqtap's first write, where the backend replaced one. */
  readonly original: string | null;
  /** What the kernel's own limit read last; undefined where the backend has none. */
  readonly observed: string | undefined;
  readonly problem: Problem | undefined;
  readonly notice: string | undefined;
}

export interface LimitBackend {
  readonly name: LimitBackendName;
  /** Brings the node to `limit`; undefined takes back what this backend did. Never throws. */
  hold(limit: WantedLimit | undefined): Promise<Held>;
}
