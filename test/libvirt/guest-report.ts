// Reads what a guest of these tests told (guest.sh).

export interface QueueCounts {
  /** Packets since the driver's start, by queue. */
  readonly rx: readonly number[];
  readonly tx: readonly number[];
}

export interface Flow {
  /** The vCPU that its program was pinned to. */
  readonly cpu: number;
  /** What it fetched. */
  readonly bytes: number;
  /** Packets of this flow's time, by queue. */
  readonly counts: QueueCounts;
}

export interface GuestReport {
  readonly release: string;
  readonly vcpus: number;
  readonly driver: string;
  /** As `ethtool -l` tells: what the NIC could have, and what the driver has enabled. */
  readonly maxCombined: number;
  readonly combined: number;
  /** By queue: the vCPUs that send over it. */
  readonly senders: readonly (readonly number[])[];
  readonly flows: readonly Flow[];
}

/** @throws on a report that is not whole. */
export function parseGuestReport(text: string): GuestReport {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const values = (key: string): readonly string[] =>
    lines.filter(([first]) => first === key).map(([, value = ""]) => value);
  const [release, driver] = [values("release")[0], values("driver")[0]];
  const [maxCombined, combined] = values("combined").map(Number);
  if (release === undefined || driver === undefined || maxCombined === undefined || combined === undefined) {
    throw new Error(`cannot read what the guest told:\n${text}`);
  }
  const sums = countersOf(text);
  const flows = lines
    .filter(([first]) => first === "flow")
    .map(([, cpu, bytes], i) => ({
      cpu: Number(cpu),
      bytes: Number(bytes),
      counts: difference(sums[i], sums[i + 1]),
    }));
  const senders = lines.filter(([first = ""]) => /^tx-\d+$/.test(first)).map(([, mask = ""]) => cpusOf(mask));
  return { release, driver, vcpus: Number(values("vcpus")[0]), maxCombined, combined, senders, flows };
}

/** One for each "counters" line, from what `ethtool -S` printed after it. */
function countersOf(text: string): readonly QueueCounts[] {
  const packets = (block: string, direction: string): readonly number[] =>
    [...block.matchAll(new RegExp(`^\\s*${direction}_queue_\\d+_packets: (\\d+)`, "gm"))].map(([, n]) => Number(n));
  return text
    .split(/^counters .*$/m)
    .slice(1)
    .map((block) => ({ rx: packets(block, "rx"), tx: packets(block, "tx") }));
}

function difference(before: QueueCounts | undefined, after: QueueCounts | undefined): QueueCounts {
  if (before === undefined || after === undefined)
    throw new Error("cannot tell a flow's packets: counters are missing");
  const minus = (one: readonly number[], other: readonly number[]) => one.map((n, i) => n - (other[i] ?? 0));
  return { rx: minus(after.rx, before.rx), tx: minus(after.tx, before.tx) };
}

/** From a mask in hexadecimal, as xps_cpus has it. */
function cpusOf(mask: string): readonly number[] {
  const bits = BigInt(`0x${mask.replaceAll(",", "")}`);
  return Array.from({ length: bits.toString(2).length }, (_, cpu) => cpu).filter((cpu) => (bits >> BigInt(cpu)) & 1n);
}
