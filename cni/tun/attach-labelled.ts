// A tap with an SELinux label. The kernel gives a tap the label of the task that makes it (selinux_tun_dev_create() of
// security/selinux/hooks.c), so this binary runs once more under that label, for TUNSETIFF alone: the descriptor stays ours,
// and the tap goes with it as any other.

import { errnoName } from "../sys/errno.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";

/** As ../host/build.mjs names ../programs/attach.ts. */
const program = "mqtap-attach";
const EIO = 5;
/** The status of a defect (../host/src/fatal.rs); 128 and more are signals. */
const EX_SOFTWARE = 70;

export interface LabelledAttachment {
  /** Of /dev/net/tun, opened in the tap's namespace. */
  readonly fd: number;
  readonly name: string;
  /** IFF_… for TUNSETIFF. */
  readonly flags: number;
  readonly label: string;
}

/** @throws SyscallError of TUNSETIFF; of setexeccon or execve where the kernel does not take the label. */
export function attachLabelled(syscalls: Syscalls, { fd, name, flags, label }: LabelledAttachment): void {
  const { status } = syscalls.execute({
    path: "/proc/self/exe",
    argv: [program, String(fd), String(flags), name],
    variables: {},
    stdin: "",
    inheritedFd: fd,
    selinuxLabel: label,
  });
  if (status === 0) return;
  const isErrno = status < 128 && status !== EX_SOFTWARE;
  const errno = isErrno ? status : EIO;
  const asked = { syscall: "TUNSETIFF", args: `"${name}" with the label "${label}"` };
  const reason = isErrno ? undefined : `${program} ended with status ${status}`;
  throw new SyscallError({ ...asked, errno, code: errnoName(errno), reason });
}
