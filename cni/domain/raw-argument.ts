// An argument's own bytes, for the one case in which its text may not be the whole truth: what is no UTF-8 reaches a program
// as U+FFFD, and the hook has to give back exactly what it was given.

import { SyscallError, type Syscalls } from "../sys/syscalls.ts";

const O_RDONLY = 0;
/** Two arguments of the longest kind (MAX_ARG_STRLEN of linux/binfmts.h) and room for others. */
const mostBytes = 1 << 20;

/** argv[index] as the kernel has it (/proc/self/cmdline, proc(5)); undefined where that cannot be read or is too long. */
export function rawArgument(sys: Syscalls, index: number): Uint8Array | undefined {
  const buffer = new Uint8Array(mostBytes);
  const length = readCommandLine(sys, buffer);
  if (length === mostBytes) return undefined;
  let start = 0;
  for (let skipped = 0; skipped < index; skipped += 1) {
    start = buffer.indexOf(0, start) + 1;
    if (start === 0) return undefined;
  }
  const end = buffer.indexOf(0, start);
  return end < 0 || end >= length ? undefined : buffer.subarray(start, end);
}

function readCommandLine(sys: Syscalls, buffer: Uint8Array): number {
  try {
    const fd = sys.open("/proc/self/cmdline", O_RDONLY);
    try {
      let length = 0;
      for (;;) {
        const count = sys.read(fd, buffer.subarray(length));
        if (count === 0) return length;
        length += count;
      }
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return 0;
  }
}
