// The case of kubevirt#18012 as a table: a VM of 8 vCPUs and 10 NICs, without mqtap, with it, and with it and a cap of 2. The
// node's side are real taps that are up, with their queues open; the guest's side is a booted VM.
import { unreclaimableKb } from "../../deploy/local/story/kernel-memory.ts";
import { Bed } from "../integration/bed.ts";
import { QueueHolder } from "../integration/hold-queues.ts";
import {
  bridge,
  type GuestCost,
  guestCost,
  type MakeTap,
  makeKubevirtTap,
  makeMqtapTap,
  prepareTenNics,
  tapNames,
  vcpus,
} from "../libvirt/ten-nics.ts";
import { formatTable, percentile } from "./statistics.ts";

interface Case {
  readonly title: string;
  readonly namespace: string;
  readonly makeTap: MakeTap;
  /** Of each NIC. */
  readonly queues: number;
}

const cases: readonly Case[] = [
  { title: "without mqtap", namespace: "without", makeTap: makeKubevirtTap, queues: vcpus },
  { title: "mqtap, no cap", namespace: "uncapped", makeTap: makeMqtapTap(vcpus), queues: vcpus },
  { title: "mqtap, capped to 2", namespace: "capped", makeTap: makeMqtapTap(2), queues: 2 },
];

/** A markdown table. `rounds`: how often the node's memory is measured, of which the median counts. */
export async function benchTenNics(rounds: number): Promise<string> {
  await using bed = await Bed.open();
  await prepareTenNics(bed);
  const nodeKb: number[] = [];
  const guests: GuestCost[] = [];
  for (const { makeTap, namespace, queues } of cases) {
    const kb: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      kb.push(await nodeMemoryKb(bed, { makeTap, queues, namespace: `${namespace}-${round}` }));
    }
    nodeKb.push(percentile(kb, 50));
    guests.push(await guestCost(bed, namespace, makeTap));
  }
  const mb = (kb: number): string => (kb / 1024).toFixed(1);
  const row = (what: string, values: readonly (number | string)[]): readonly string[] => [what, ...values.map(String)];
  return formatTable([
    row(
      "8 vCPUs, 10 NICs",
      cases.map(({ title }) => title),
    ),
    row("node: kernel memory of the 10 taps, MB", nodeKb.map(mb)),
    row(
      "guest: queues",
      guests.map(({ queues }) => queues),
    ),
    row(
      "guest: interrupts of virtio",
      guests.map(({ interrupts }) => interrupts),
    ),
    row(
      "guest: memory that the NICs take, MB",
      guests.map(({ memoryKb }) => mb(memoryKb)),
    ),
  ]);
}

/** Of ten taps that are up, with all their queues open. */
async function nodeMemoryKb(bed: Bed, { makeTap, queues, namespace }: Omit<Case, "title">): Promise<number> {
  await bed.addNamespace(namespace);
  await bed.must("ip", "-n", namespace, "link", "add", bridge, "type", "bridge");
  try {
    await using holder = await QueueHolder.start(bed, { namespace, descriptors: queues * (tapNames.length + 1) });
    // The first of everything costs more, and the process has begun when this has returned.
    await makeTap(bed, namespace, "warm");
    await holder.open("warm", queues);
    const before = unreclaimableKb();
    for (const tap of tapNames) {
      await makeTap(bed, namespace, tap);
      await holder.open(tap, queues);
    }
    return unreclaimableKb() - before;
  } finally {
    await bed.must("ip", "netns", "del", namespace);
  }
}
