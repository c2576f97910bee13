// Makes a tap in an open namespace of Linux (TUNSETIFF). Apart from linux-namespace.ts, so that a program which only removes
// taps does not read it.

import type { Route } from "../netlink/route.ts";
import { errnoNumber } from "../sys/errno.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { attachLabelled } from "../tun/attach-labelled.ts";
import { IFF_MULTI_QUEUE, IFF_NO_PI, IFF_TAP, IFF_TUN_EXCL, tunDevicePath } from "../tun/constants.ts";
import { linkNameBytes } from "../tun/link-name.ts";
import { TunQueue } from "../tun/tun-queue.ts";
import type { NetworkNamespace, PendingTap } from "./kernel.ts";
import { LinuxPendingTap } from "./linux-pending-tap.ts";

const O_RDWR = 2;

interface Place {
  readonly syscalls: Syscalls;
  readonly namespace: NetworkNamespace;
  /** Of that namespace. */
  readonly route: Route;
}

interface NewTap {
  readonly name: string;
  readonly isMultiQueue: boolean;
  readonly selinuxLabel: string | undefined;
}

/** What {@link NetworkNamespace.createTap} does. */
export type CreateTap = (place: Place, tap: NewTap) => PendingTap;

/** @throws SyscallError; nothing is left then. */
export function createLinuxTap({ syscalls, namespace, route }: Place, tap: NewTap): PendingTap {
  const { name, isMultiQueue, selinuxLabel } = tap;
  if (linkNameBytes(name) === undefined) {
    const code = "EINVAL";
    throw new SyscallError({ syscall: "TUNSETIFF", errno: errnoNumber(code), code, args: `"${name}"` });
  }
  const device = namespace.enter(() => syscalls.open(tunDevicePath, O_RDWR));
  const queue = new TunQueue(syscalls, device);
  try {
    const flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL | (isMultiQueue ? IFF_MULTI_QUEUE : 0);
    if (selinuxLabel === undefined) queue.attach(name, flags);
    else attachLabelled(syscalls, { fd: device, name, flags, label: selinuxLabel });
    const link = namespace.findLink(name);
    if (link === undefined) throw vanished(name);
    return new LinuxPendingTap(queue, route, link);
  } catch (error) {
    queue[Symbol.dispose]();
    throw error;
  }
}

/** Another program removed the new tap before we could look at it. */
function vanished(name: string): SyscallError {
  const code = "ENODEV";
  const reason = "it vanished right after it was made";
  return new SyscallError({ syscall: "RTM_GETLINK", errno: errnoNumber(code), code, args: `"${name}"`, reason });
}
