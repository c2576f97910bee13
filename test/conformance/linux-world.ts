// The world of the kernel cases on Linux, over either Syscalls adapter.

import { LinuxKernel } from "../../cni/kernel/linux.ts";
import { createLinuxTap } from "../../cni/kernel/linux-create-tap.ts";
import { ThreadNamespaces } from "../../cni/kernel/netns.ts";
import type { Syscalls } from "../../cni/sys/syscalls.ts";
import { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, IFF_VNET_HDR, tunDevicePath } from "../../cni/tun/constants.ts";
import { TunQueue } from "../../cni/tun/tun-queue.ts";
import { isThere } from "./expect.ts";
import type { KernelWorld } from "./kernel-world.ts";

const O_RDWR = 2;

/** Nothing, a plain file, something below one, a folder, a file of procfs, a namespace of another kind. */
const deadPaths = [
  "/proc/nothing-here",
  "/etc/passwd",
  "/etc/passwd/net",
  "/etc",
  "/proc/self/status",
  "/proc/self/ns/mnt",
];

export function linuxWorld(syscalls: Syscalls, namespacePath: string): KernelWorld {
  const openQueue = (): TunQueue => {
    const thread = new ThreadNamespaces(syscalls);
    const { fd } = isThere(thread.open(namespacePath));
    try {
      return new TunQueue(
        syscalls,
        thread.run(fd, () => syscalls.open(tunDevicePath, O_RDWR)),
      );
    } finally {
      syscalls.close(fd);
    }
  };
  return {
    kernel: new LinuxKernel(syscalls, createLinuxTap),
    namespacePath,
    deadPaths,
    attachQueues: (tap, { isMultiQueue, count }) => {
      const flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (isMultiQueue ? IFF_MULTI_QUEUE : 0);
      const queues: TunQueue[] = [];
      const dispose = (): void => {
        for (const queue of queues) queue[Symbol.dispose]();
      };
      try {
        for (let opened = 0; opened < count; opened += 1) {
          const queue = openQueue();
          queues.push(queue);
          queue.attach(tap, flags);
        }
      } catch (error) {
        dispose();
        throw error;
      }
      return { [Symbol.dispose]: dispose };
    },
  };
}
