// Kernel memory of a tap, estimated from what was measured as SUnreclaim on Linux 6.1, 6.12 and 6.18: the device itself,
// its root qdisc, and the queues that programs hold. Within a tenth for multiqueue taps, within a third for others.

export interface TapShape {
  readonly isMultiQueue: boolean;
  readonly queues: number;
  readonly qdisc: string | undefined;
  readonly txQueueLength: number;
}

const kib = 1024;
/** MAX_TAP_QUEUES of drivers/net/tun.c: what the kernel allocates for every multiqueue tap. */
const netdevQueues = 256;
const deviceBytes = { single: 36 * kib, multi: 240 * kib };
/** struct tun_file, its file and its entries in sysfs; the ring comes on top. */
const queueBytes = 3.2 * kib;
/** One child and its counters for each of the 256 queues; rings come on top. */
const mqBytes = 246 * kib;
/** pfifo_fast has one ring for each band. */
const bands = 3;

/** Undefined for a qdisc that nobody measured. */
export function estimateMemoryBytes({ isMultiQueue, queues, qdisc, txQueueLength }: TapShape): number | undefined {
  const ring = ringBytes(txQueueLength);
  const discipline = qdiscBytes(qdisc, ring);
  if (discipline === undefined) return undefined;
  const device = isMultiQueue ? deviceBytes.multi : deviceBytes.single;
  return Math.round(device + discipline + queues * (queueBytes + ring));
}

/** A link that was never up has `noop`. What was built for an `up` link stays when it goes down. */
function qdiscBytes(qdisc: string | undefined, ring: number): number | undefined {
  switch (qdisc) {
    case "noop":
    case "noqueue":
      return 0;
    case "mq":
      return mqBytes + netdevQueues * bands * ring;
    case "pfifo_fast":
      return bands * ring;
    case "pfifo":
      return 2 * kib;
    case "fq_codel":
      return 66 * kib;
    default:
      return undefined;
  }
}

/** A pointer for each packet, in the allocator's powers of two; nothing for a length of 0. */
function ringBytes(length: number): number {
  return 2 ** Math.ceil(Math.log2(length * 8));
}
