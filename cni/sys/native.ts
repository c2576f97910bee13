// The Syscalls of the binary: its host's module "sys", whose negative errno becomes a SyscallError.

import {
  bindNetlink,
  close,
  connectUnix,
  decodeUtf8,
  encodeUtf8,
  execute,
  filesystemType,
  fstat,
  ioctl,
  monotonicMs,
  open,
  poll,
  read,
  readDirectory,
  readToEnd,
  realtimeMs,
  receive,
  rename,
  send,
  setns,
  sha256Hex,
  sleep,
  socket,
  stat,
  tryLock,
  write,
  // biome-ignore lint/style/useNodejsImportProtocol: not Node's old module of that name, but the host's
} from "sys";
import { errnoName } from "./errno.ts";
import { SyscallError, type Syscalls } from "./syscalls.ts";

const ENOENT = 2;
const EBADF = 9;

/** The call's value. @throws SyscallError for a negative errno. */
function checked<T>(answer: T | number, syscall: string, args = ""): T {
  if (typeof answer !== "number" || answer >= 0) return answer as T;
  const errno = -answer;
  throw new SyscallError({ syscall, errno, code: errnoName(errno), args });
}

/** System calls of the host that runs this bundle. */
export function nativeSyscalls(): Syscalls {
  return {
    open: (path, flags, mode = 0o644) => checked(open(path, flags, mode), "open", `"${path}"`),
    openIfThere: (path, flags) => {
      const answer = open(path, flags);
      return answer === -ENOENT ? undefined : checked(answer, "open", `"${path}"`);
    },
    close: (fd) => {
      if (close(fd) === -EBADF) checked(-EBADF, "close");
    },
    read: (fd, buffer) => checked(read(fd, buffer), "read"),
    write: (fd, data) => checked(write(fd, data), "write"),
    readToEnd: (fd) => checked(readToEnd(fd), "read"),
    readDirectory: (path) => checked(readDirectory(path), "readdir", `"${path}"`),
    fstat: (fd) => checked(fstat(fd), "fstat"),
    stat: (path) => checked(stat(path), "stat", `"${path}"`),
    filesystemType: (fd) => checked(filesystemType(fd), "fstatfs"),
    setns: (fd, nstype) => checked(setns(fd, nstype), "setns"),
    ioctl: (fd, request, argument) => {
      const answer = ioctl(fd, request, argument);
      return answer >= 0 ? answer : checked(answer, "ioctl", `0x${request.toString(16)}`);
    },
    socket: (domain, type, protocol) => checked(socket(domain, type, protocol), "socket"),
    bindNetlink: (fd, groups = 0) => checked(bindNetlink(fd, groups), "bind"),
    connectUnix: (fd, path) => checked(connectUnix(fd, path), "connect", `"${path}"`),
    send: (fd, data) => checked(send(fd, data), "send"),
    receive: (fd, buffer) => checked(receive(fd, buffer), "recv"),
    poll: (fd, events, timeoutMs) => checked(poll(fd, events, timeoutMs), "poll"),
    execute: ({ path, argv, variables, stdin, inheritedFd = -1, selinuxLabel = "" }) => {
      const assigned = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      const executed = execute(path, argv, assigned, stdin, inheritedFd, selinuxLabel);
      if (executed.status >= 0) return executed;
      const syscall = executed.stdout;
      return checked(executed.status, syscall, `"${syscall === "setexeccon" ? selinuxLabel : path}"`);
    },
    rename: (from, to) => checked(rename(from, to), "rename", `"${from}" to "${to}"`),
    tryLock: (fd) => checked(tryLock(fd), "flock"),
    realtimeMs,
    monotonicMs,
    sleep,
    sha256Hex,
    encodeUtf8,
    decodeUtf8,
  };
}
