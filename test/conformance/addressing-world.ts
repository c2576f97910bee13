// The worlds of the addressing cases: in memory, and on Linux over either Syscalls adapter.

import { openLinuxAddressing } from "../../cni/kernel/linux-addressing.ts";
import type { Syscalls } from "../../cni/sys/syscalls.ts";
import type { AddressingWorld } from "./addressing-bed.ts";
import { isThere } from "./expect.ts";
import { linuxWorld } from "./linux-world.ts";

const O_WRONLY = 1;
/** sched.h */
const CLONE_NEWNET = 0x4000_0000;

/** The thread stays there, so that a defect that misses its namespace does not touch the machine's network. */
export function enterForGood(syscalls: Syscalls, namespacePath: string): void {
  const fd = syscalls.open(namespacePath, 0);
  try {
    syscalls.setns(fd, CLONE_NEWNET);
  } finally {
    syscalls.close(fd);
  }
}

/** `namespacePath` as in the kernel cases. */
export function linuxAddressingWorld(syscalls: Syscalls, namespacePath: string): AddressingWorld {
  const world = linuxWorld(syscalls, namespacePath);
  const inside = <T>(setting: string, flags: number, use: (fd: number) => T): T => {
    using namespace = isThere(world.kernel.openNamespace(namespacePath));
    const fd = namespace.enter(() => syscalls.open(`/proc/sys/net/${setting}`, flags));
    try {
      return use(fd);
    } finally {
      syscalls.close(fd);
    }
  };
  const read = (setting: string): string => inside(setting, 0, (fd) => syscalls.readToEnd(fd).trim());
  const write = (setting: string): void => inside(setting, O_WRONLY, (fd) => syscalls.write(fd, "1"));
  return {
    ...world,
    openAddressing: (namespace) => openLinuxAddressing(syscalls, namespace),
    switchIpv6Off: (link) => {
      for (const name of ["lo", link]) write(`ipv6/conf/${name}/disable_ipv6`);
    },
    isIpv6Off: (link) => read(`ipv6/conf/${link}/disable_ipv6`) === "1",
    isAnnounced: (link) => read(`ipv4/conf/${link}/arp_notify`) === "1",
  };
}
