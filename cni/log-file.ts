// The bounded log: runtimes drop the stderr of a call that succeeds, so each line goes to a file, too. Many calls write it at
// once without waiting for each other. Whatever fails here is nobody's problem but the reader's.

import type { FileStatus, Syscalls } from "./sys/syscalls.ts";

/** With one older generation beside it, `<path>.1`. */
export const logFilePath = "/var/log/mqtap.log";

/** No file grows beyond this. */
export const mostFileBytes = 1 << 20;
/** A file of this size is set aside. The rest is for calls that write while one of them does that. */
const fullFileBytes = 768 << 10;

/**
 * O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_LARGEFILE | O_CLOEXEC: x86-64 and arm64 swap the values
 * of the two before the last (asm/fcntl.h).
 */
const flags = 0o1 | 0o100 | 0o2000 | 0o4000 | 0o400 | 0o400000 | 0o100000 | 0o2000000;
/** S_IFMT and S_IFREG of sys/stat.h. */
const typeMask = 0o170000;
const regularFile = 0o100000;

/** Appends one whole line, its newline included, by one write. Never throws. */
export function appendLine(sys: Syscalls, path: string, line: Uint8Array): void {
  try {
    // Another call may set the file aside right after it was opened here; hardly twice.
    for (let attempt = 0; attempt < 3; attempt++) {
      if (appendUnlessReplaced(sys, path, line)) return;
    }
  } catch {
    // No directory, a read-only one, a full disk: a pod must not go without network for want of a log.
  }
}

/** False when the path has another file now. */
function appendUnlessReplaced(sys: Syscalls, path: string, line: Uint8Array): boolean {
  const fd = sys.open(path, flags, 0o600);
  try {
    const status = sys.fstat(fd);
    if ((status.mode & typeMask) !== regularFile) return true;
    if (status.size + line.length > fullFileBytes && isReplaced(sys, { path, fd, status })) return false;
    if (status.size + line.length <= mostFileBytes) sys.write(fd, line);
    return true;
  } finally {
    sys.close(fd);
  }
}

/** Sets the full file aside, unless another call does so now, or did: the lock is on the file, and goes with the descriptor. */
function isReplaced(sys: Syscalls, { path, fd, status }: { path: string; fd: number; status: FileStatus }): boolean {
  try {
    if (!sys.tryLock(fd)) return false;
    if (isAt(sys, path, status)) sys.rename(path, `${path}.1`);
    return true;
  } catch {
    return false;
  }
}

function isAt(sys: Syscalls, path: string, { dev, ino }: FileStatus): boolean {
  const found = sys.stat(path);
  return found.dev === dev && found.ino === ino;
}
