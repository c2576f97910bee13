// After the start: what the agents find when they count the queues of running VMs, and what the VMs' owners read of it.
import type { Cluster } from "./cluster.ts";
import type { Narrator } from "./narrator.ts";
import { readEvents, readProfile } from "./observe.ts";
import { wrapLastColumn } from "./table.ts";
import { nodeNames } from "./vms.ts";
import { waitUntil } from "./wait-until.ts";

/** So that nobody waits for the usual 30 s and 60 s. */
export const quickVerification = ["--inspect-interval=1s", "--over-limit-interval=1s"] as const;

/** VMs of the story above the limit, by node: with 4 queues a tap, and with 2. */
const overLimitOf4 = { [nodeNames.withSysctl]: 0, [nodeNames.stock]: 1 };
export const overLimitOf2 = { [nodeNames.withSysctl]: 1, [nodeNames.stock]: 2 };
export const overNoLimit = { [nodeNames.withSysctl]: 0, [nodeNames.stock]: 0 };

/** Waits until the nodes' profiles count so many VMs above the limit. */
export async function waitForOverLimit(cluster: Cluster, counts: Readonly<Record<string, number>>): Promise<void> {
  for (const [node, count] of Object.entries(counts)) {
    await waitUntil(`${node} to count ${count} VMs above the limit`, async () => {
      const { overLimit } = (await readProfile(cluster.controlPlane, node))?.status ?? {};
      return overLimit === count ? true : undefined;
    });
  }
}

/** One VM whose cap holds and one whose does not. */
export async function showVerified(cluster: Cluster, narrator: Narrator): Promise<void> {
  narrator.say(
    "The agents count too, and tell the VMs' owners whether the cap holds. legacy, without the hook, is above the limit:",
  );
  await waitForOverLimit(cluster, overLimitOf4);
  narrator.command("kubectl get mqp");
  narrator.output(await cluster.controlPlane.kubectl(["get", "mqp"]));
  for (const [vm, reason] of [
    ["web", "QueuesCapped"],
    ["legacy", "CapNotApplied"],
  ] as const) {
    await waitUntil(`${reason} on ${vm}`, async () =>
      (await readEvents(cluster.controlPlane, { kind: "VirtualMachineInstance", name: vm })).find(
        (event) => event.reason === reason,
      ),
    );
    await showEvents(cluster, narrator, vm);
  }
}

async function showEvents(cluster: Cluster, narrator: Narrator, vm: string): Promise<void> {
  const columns = "TYPE:.type,REASON:.reason,NOTE:.note";
  narrator.command(
    `kubectl get events.events.k8s.io --field-selector regarding.name=${vm} \\\n` +
      `  --sort-by=.metadata.creationTimestamp -o custom-columns=${columns}`,
  );
  const printed = await cluster.controlPlane.kubectl([
    ...["get", "events.events.k8s.io", `--field-selector=regarding.name=${vm}`],
    ...["--sort-by=.metadata.creationTimestamp", `--output=custom-columns=${columns}`],
  ]);
  narrator.output(wrapLastColumn(printed));
}
