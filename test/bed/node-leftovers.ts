// What pods leave on a node: nothing, a moment after they have gone.
import path from "node:path";
import type { Bed } from "../../deploy/local/bed/bed.ts";
import { inspectNode, readCniCache } from "../../deploy/local/bed/installed/pod-links.ts";
import { waitUntil } from "../../deploy/local/story/wait-until.ts";
import { givenAddresses, podUids } from "./pods.ts";

/** Waits until no tap, namespace, address or cache entry is on the nodes but those of mqtap's own pods. @throws Error */
export async function waitUntilEmpty(bed: Bed): Promise<void> {
  const own = await podUids(bed, "mqtap-system");
  for (const node of bed.nodes) {
    let seen: readonly string[] = [];
    await waitUntil(
      `${node.name} to be empty`,
      async () => {
        const { taps } = await inspectNode(node);
        const cache = await readCniCache(node);
        const kept = new Set(
          cache.filter(({ podUid }) => own.includes(podUid)).map(({ netns }) => path.basename(netns)),
        );
        const namespaces = (await node.run(["ls", "/run/netns"])).stdout.split("\n").filter(Boolean);
        const addresses = (await givenAddresses(bed, node.name)).filter((address) => address.startsWith("bed/"));
        seen = [
          ...taps.map(({ name, netns }) => `${name} in ${netns}`),
          ...cache.filter(({ podUid }) => !own.includes(podUid)).map(({ podUid }) => `an attachment of pod ${podUid}`),
          ...namespaces.filter((name) => !kept.has(name)),
          ...(addresses.length === kept.size ? [] : addresses),
        ];
        return seen.length === 0 ? true : undefined;
      },
      { timeoutMs: 60_000, intervalMs: 200, seen: () => seen.join(", ") },
    );
  }
}
