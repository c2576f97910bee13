// How fast a changed config reaches its nodes.
import * as z from "zod/mini";
import { durationSchema } from "./duration.ts";
import { described, whole } from "./schema.ts";

const percent = /^([1-9][0-9]?|100)%$/;
const mostNodes = 10_000;

const maxConcurrent = described(
  z.union([z.int32(), z.string().check(z.maxLength(16))]),
  'How many nodes may be in flight at once: a number such as 5, or a percentage of the nodes selected such as "10%",' +
    " rounded down, at least 1.",
  [
    {
      rule: `type(self) == int ? self >= 1 && self <= ${mostNodes} : self.matches('${percent.source}')`,
      message: `must be a number of nodes from 1 to ${mostNodes}, or a percentage from "1%" to "100%"`,
      holds: (value) => (typeof value === "number" ? value >= 1 && value <= mostNodes : percent.test(value)),
    },
  ],
  { "x-kubernetes-int-or-string": true, maxLength: 16 },
);

/** Window, canary and waits. */
export const rolloutSchema = described(
  z.object({
    maxConcurrent: z._default(maxConcurrent, "10%"),
    canary: z._default(
      whole(
        "How many nodes go first, before any other; 0 for none. The others follow when all of these are ready.",
        0,
        mostNodes,
      ),
      0,
    ),
    pauseBetween: z._default(
      durationSchema("How long to wait after the canary, and between a node that is ready and the next.", "0s", "24h"),
      "0s",
    ),
    progressDeadline: z._default(
      durationSchema("How long a node may take before it counts as failed.", "1s", "24h"),
      "10m",
    ),
  }),
  "How fast a change reaches the nodes.",
);
