// Runs as a child inside a pod's network namespace and opens the queues of taps as QEMU does: one descriptor of
// /dev/net/tun a queue, IFF_MULTI_QUEUE only when there are several. Holds them until its stdin ends.
// The device is opened as root and then everything is given up but uid 107, since there is no virt-handler here that would
// hand the device to that user; whether 107 may attach is decided by the kernel at TUNSETIFF, which comes after.
import { openSync } from "node:fs";
import { createInterface } from "node:readline";
import { koffiSyscalls } from "../../../cni/sys/koffi.ts";
import { SyscallError } from "../../../cni/sys/syscalls.ts";
import { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, IFF_VNET_HDR, TUNSETIFF } from "../../../cni/tun/constants.ts";
import { encodeIfreq } from "../../../cni/tun/ifreq.ts";
import { parseConsumerRequest } from "./queue-consumer-protocol.ts";

const qemu = 107;
const descriptors = Array.from({ length: Number(process.argv[2]) }, () => openSync("/dev/net/tun", "r+"));
process.setgroups?.([qemu]);
process.setgid?.(qemu);
process.setuid?.(qemu);

const syscalls = koffiSyscalls();

function openQueues(tap: string, queues: number, isMultiQueue: boolean): { opened: number; error?: string } {
  const flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (isMultiQueue ? IFF_MULTI_QUEUE : 0);
  for (let opened = 0; opened < queues; opened += 1) {
    const fd = descriptors.pop();
    if (fd === undefined) return { opened, error: "no descriptor left" };
    try {
      syscalls.ioctl(fd, TUNSETIFF, encodeIfreq(tap, flags));
    } catch (error) {
      if (error instanceof SyscallError) return { opened, error: error.code };
      throw error;
    }
  }
  return { opened: queues };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { tap, queues, isMultiQueue } = parseConsumerRequest(line);
  process.stdout.write(`${JSON.stringify(openQueues(tap, queues, isMultiQueue))}\n`);
}
