// What a case of the system calls finds, and how it opens files there.

import type { Syscalls } from "../../cni/sys/syscalls.ts";

export interface SyscallsWorld {
  readonly syscalls: Syscalls;
  /** Made by bed.ts; a case may write there. */
  readonly directory: string;
}

/** Opens, works, closes. */
export function within<T>(syscalls: Syscalls, fd: number, work: (fd: number) => T): T {
  try {
    return work(fd);
  } finally {
    syscalls.close(fd);
  }
}

/** The whole of one file of the world's folder. */
export function readText({ syscalls, directory }: SyscallsWorld, name: string): string {
  return within(syscalls, syscalls.open(`${directory}/${name}`, 0), (fd) => syscalls.readToEnd(fd));
}
