// What a node's agent says of it, as `kubectl describe mqp` shows it.
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { readProfile } from "../../deploy/local/story/observe.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";

/** Waits until a condition of the node's profile reads like this: "<status> <reason>: <message>", and gives it. */
export function waitForCondition(bed: Bed, node: string, type: string, wanted: RegExp): Promise<string> {
  let seen = "no such condition";
  return waitUntil(
    `${type} of ${node} to be ${wanted}`,
    async () => {
      const { conditions = [] } = (await readProfile(bed.controlPlane, node))?.status ?? {};
      const found = conditions.find((condition) => condition.type === type);
      if (found !== undefined) seen = `${found.status} ${found.reason}: ${found.message}`;
      return wanted.test(seen) ? seen : undefined;
    },
    { timeoutMs: 120_000, intervalMs: 200, seen: () => seen },
  );
}
