// The words and bounds of tap queue limits, shared by both kinds.
import * as z from "zod/mini";
import { described, whole } from "./schema.ts";

/** What mqtap may refuse; weakest first. */
export const enforcements = ["Advisory", "BestEffort", "Required"] as const;

/** One of `enforcements`. */
export type Enforcement = (typeof enforcements)[number];

/** In force where no config says otherwise. */
export const defaultEnforcement: Enforcement = "BestEffort";

const removals = ["Restore", "Retain"] as const;

/** What a node gets when a key no longer applies to it. */
export type OnRemoval = (typeof removals)[number];

/** The kernel's own limit of one tap (MAX_TAP_QUEUES in drivers/net/tun.c), and ours where nothing limits. */
export const maxTapQueues = 256;

/** The limit of one tap. */
export const maxQueuesSchema = described(
  z.int32().check(z.maximum(maxTapQueues)),
  "The most queues one tap may have on these nodes, 2 to 256. A VM gets at most this many queues for each NIC.",
  [
    {
      rule: "self >= 2",
      message:
        "must be 2 to 256: a cap below 2 would make multiqueue taps single-queue ones," +
        " and VMs with networkInterfaceMultiqueue could not start",
      holds: (queues) => queues >= 2,
    },
  ],
);

/** The limit of all taps of one VM. */
export const maxQueuesPerVMSchema = whole(
  "The most queues all multiqueue NICs of one VM may have together, 2 to 4096. It is shared evenly over the NICs," +
    " at least 2 each.",
  2,
  4096,
);

/** What happens beyond a limit. */
export const enforcementSchema = described(
  z.enum(enforcements),
  "What happens beyond the limit. Advisory: plugin and hook obey the number, nothing refuses." +
    " BestEffort: the node's kernel refuses too where it can." +
    " Required: a tap above the limit is refused, and a node whose kernel cannot refuse counts as failed." +
    " Where no config says otherwise: BestEffort.",
);

/** What happens at a limit's end. */
export const onRemovalSchema = described(
  z.enum(removals),
  "What a node gets when a key no longer applies to it: Restore gives back the value found before mqtap's first write," +
    " Retain leaves the value as it is.",
);
