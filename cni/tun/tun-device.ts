// What the tun driver of this kernel offers, asked without making a tap.

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { IFF_MULTI_QUEUE, TUNGETFEATURES, tunDevicePath } from "./constants.ts";

export interface TunDevice {
  readonly isPresent: boolean;
  /** Taps with more than one queue, which Linux has since 3.8; undefined where the device may not be asked. */
  readonly hasMultiQueue: boolean | undefined;
}

/** O_RDWR | O_CLOEXEC (asm-generic/fcntl.h). */
const openFlags = 0o2000002;

/** The last two: a device file whose driver is not there. */
const absences: readonly string[] = ["ENOENT", "ENOTDIR", "ENODEV", "ENXIO"];

export function readTunDevice(sys: Pick<Syscalls, "open" | "close" | "ioctl">): TunDevice {
  try {
    const fd = sys.open(tunDevicePath, openFlags);
    try {
      const features = new Uint32Array(1);
      sys.ioctl(fd, TUNGETFEATURES, new Uint8Array(features.buffer));
      return { isPresent: true, hasMultiQueue: ((features[0] ?? 0) & IFF_MULTI_QUEUE) !== 0 };
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return { isPresent: !absences.includes(error.code), hasMultiQueue: undefined };
  }
}
