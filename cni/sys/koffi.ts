// The Syscalls of the binary under Node.js, so that tests run, step and measure coverage there. Everything is synchronous
// and on the calling thread: setns(2) moves a thread, and Node's own pool threads would stay behind.

import { createHash } from "node:crypto";
import { fstatSync, readdirSync, renameSync, type Stats, statSync } from "node:fs";
import koffi from "koffi";
import { errnoName, errnoNumber } from "./errno.ts";
import { executeViaNode } from "./koffi-execute.ts";
import { type FileStatus, SyscallError, type Syscalls } from "./syscalls.ts";

/** Both O_CLOEXEC (bits/fcntl-linux.h) and SOCK_CLOEXEC (bits/socket_type.h). */
const closeOnExec = 0o2000000;
const ENOENT = 2;
const EBADF = 9;
const EAGAIN = 11;
const MSG_NOSIGNAL = 0x4000;
const LOCK_EX_NB = 6;
const AF_UNIX = 1;
const AF_NETLINK = 16;
const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
/** The label that this thread's next execve(2) gives; a child inherits it by fork(2). */
const execLabelPath = "/proc/thread-self/attr/exec";
const O_WRONLY = 1;
/** sun_path of linux/un.h. */
const unixPathBytes = 108;
/** sizeof(struct statfs), bits/statfs.h; f_type comes first. */
const statfsBytes = 120;
/** Requests of linux/if_tun.h that take a pointer, and to how many bytes; the host has the same list. */
const pointerRequests: ReadonlyMap<number, number> = new Map([
  // TUNSETIFF and TUNGETIFF: sizeof(struct ifreq), linux/if.h
  [0x4004_54ca, 40],
  [0x8004_54d2, 40],
  // TUNGETFEATURES: sizeof(unsigned int)
  [0x8004_54cf, 4],
]);
/** TUNSETPERSIST, TUNSETOWNER and TUNSETGROUP, which take a number by value. */
const valueRequests = [0x4004_54cb, 0x4004_54cc, 0x4004_54ce];
const readLimitBytes = 8 << 20;
const maxUint32 = 0xffff_ffff;

function declareLibrary() {
  const libc = koffi.load("libc.so.6");
  return {
    open: libc.func("int open(const char *path, int flags, unsigned int mode)"),
    close: libc.func("int close(int fd)"),
    read: libc.func("intptr_t read(int fd, _Out_ uint8_t *buffer, size_t length)"),
    write: libc.func("intptr_t write(int fd, const uint8_t *buffer, size_t length)"),
    fstatfs: libc.func("int fstatfs(int fd, _Out_ uint8_t *buffer)"),
    setns: libc.func("int setns(int fd, int nstype)"),
    // One function, two ways to pass its argument; x86-64 and arm64 pass fixed and variadic arguments alike.
    ioctlPointer: libc.func("int ioctl(int fd, unsigned long request, _Inout_ uint8_t *argument)"),
    ioctlValue: libc.func("int ioctl(int fd, unsigned long request, unsigned long argument)"),
    socket: libc.func("int socket(int domain, int type, int protocol)"),
    setsockopt: libc.func("int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)"),
    bind: libc.func("int bind(int fd, const uint8_t *address, uint32_t length)"),
    connect: libc.func("int connect(int fd, const uint8_t *address, uint32_t length)"),
    send: libc.func("intptr_t send(int fd, const uint8_t *buffer, size_t length, int flags)"),
    receive: libc.func("intptr_t recv(int fd, _Out_ uint8_t *buffer, size_t length, int flags)"),
    flock: libc.func("int flock(int fd, int operation)"),
    poll: libc.func("int poll(_Inout_ uint8_t *request, unsigned long count, int timeoutMs)"),
  };
}

function fail(syscall: string, code: string, args = ""): never {
  throw new SyscallError({ syscall, errno: errnoNumber(code), code, args });
}

/** What a call of the C library returned; errno is read before anything else can run. */
function checked(syscall: string, returned: unknown, args = ""): number {
  if (typeof returned === "number" && returned >= 0) return returned;
  const errno = koffi.errno();
  throw new SyscallError({ syscall, errno, code: errnoName(errno), args });
}

/** A call of Node's own fs, whose errors carry a negative errno. */
function viaNode<T>(syscall: string, args: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const errno = error instanceof Error && "errno" in error ? -Number(error.errno) : Number.NaN;
    if (!(errno > 0)) throw error;
    throw new SyscallError({ syscall, errno, code: errnoName(errno), args });
  }
}

/** A NUL would end the path early. */
function wholePath(syscall: string, path: string): string {
  return path.includes("\0") ? fail(syscall, "EINVAL", `"${path}"`) : path;
}

function fileStatus({ dev, ino, mode, size }: Stats): FileStatus {
  return { dev, ino, mode, size };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** struct sockaddr_un; the path without its ending NUL must fit, as the host has it. */
function unixAddress(path: string): Uint8Array {
  const encoded = encoder.encode(wholePath("connect", path));
  if (encoded.length >= unixPathBytes) fail("connect", "ENAMETOOLONG", `"${path}"`);
  const address = new Uint8Array(2 + encoded.length + 1);
  address[0] = AF_UNIX;
  address.set(encoded, 2);
  return address;
}

function checkRoom(argument: unknown, bytes: number): Uint8Array {
  if (!(argument instanceof Uint8Array)) throw new TypeError("not a Uint8Array");
  if (argument.length < bytes) throw new RangeError(`the kernel takes ${bytes} bytes`);
  return argument;
}

function checkUint32(argument: unknown): number {
  if (typeof argument !== "number") throw new TypeError("not a number");
  if (Number.isInteger(argument) && argument >= 0 && argument <= maxUint32) return argument;
  throw new RangeError("not an unsigned 32-bit number");
}

/** System calls of the C library, for tests and for programs that Node.js runs. */
export function koffiSyscalls(): Syscalls {
  const libc = declareLibrary();
  return {
    open: (path, flags, mode = 0o644) =>
      checked("open", libc.open(wholePath("open", path), flags | closeOnExec, mode), `"${path}"`),
    openIfThere: (path, flags) => {
      const fd = libc.open(wholePath("open", path), flags | closeOnExec, 0);
      return fd < 0 && koffi.errno() === ENOENT ? undefined : checked("open", fd, `"${path}"`);
    },
    close: (fd) => {
      if (libc.close(fd) < 0 && koffi.errno() === EBADF) fail("close", "EBADF");
    },
    read: (fd, buffer) => checked("read", libc.read(fd, buffer, buffer.length)),
    write: (fd, data) => {
      let rest = typeof data === "string" ? encoder.encode(data) : data;
      while (rest.length > 0) rest = rest.subarray(checked("write", libc.write(fd, rest, rest.length)));
    },
    readToEnd: (fd) => {
      const chunk = new Uint8Array(65_536);
      const chunks: Uint8Array[] = [];
      let total = 0;
      for (;;) {
        const length = checked("read", libc.read(fd, chunk, chunk.length));
        if (length === 0) return decoder.decode(Buffer.concat(chunks));
        chunks.push(chunk.slice(0, length));
        total += length;
        if (total > readLimitBytes) fail("read", "EFBIG");
      }
    },
    readDirectory: (path) => viaNode("readdir", `"${path}"`, () => readdirSync(wholePath("readdir", path))),
    fstat: (fd) => viaNode("fstat", "", () => fileStatus(fstatSync(fd))),
    stat: (path) => viaNode("stat", `"${path}"`, () => fileStatus(statSync(wholePath("stat", path)))),
    filesystemType: (fd) => {
      const statfs = Buffer.alloc(statfsBytes);
      checked("fstatfs", libc.fstatfs(fd, statfs));
      return statfs.readUInt32LE(0);
    },
    setns: (fd, nstype) => void checked("setns", libc.setns(fd, nstype)),
    ioctl: (fd, request, argument) => {
      const args = `0x${request.toString(16)}`;
      const bytes = pointerRequests.get(request);
      if (bytes !== undefined) {
        return checked("ioctl", libc.ioctlPointer(fd, request, checkRoom(argument, bytes)), args);
      }
      if (!valueRequests.includes(request)) return fail("ioctl", "EPERM", args);
      return checked("ioctl", libc.ioctlValue(fd, request, checkUint32(argument)), args);
    },
    socket: (domain, type, protocol) => checked("socket", libc.socket(domain, type | closeOnExec, protocol)),
    bindNetlink: (fd, groups = 0) => {
      libc.setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, new Uint8Array([1, 0, 0, 0]), 4);
      const address = Buffer.alloc(12);
      address.writeUInt16LE(AF_NETLINK, 0);
      address.writeUInt32LE(groups, 8);
      checked("bind", libc.bind(fd, address, address.length));
    },
    connectUnix: (fd, path) => {
      const address = unixAddress(path);
      checked("connect", libc.connect(fd, address, address.length), `"${path}"`);
    },
    send: (fd, data) => checked("send", libc.send(fd, data, data.length, MSG_NOSIGNAL)),
    receive: (fd, buffer) => checked("recv", libc.receive(fd, buffer, buffer.length, 0)),
    poll: (fd, events, timeoutMs) => {
      const request = Buffer.alloc(8);
      request.writeInt32LE(fd, 0);
      request.writeInt16LE(events, 4);
      checked("poll", libc.poll(request, 1, timeoutMs));
      return request.readInt16LE(6);
    },
    execute: (execution) =>
      executeViaNode(execution, (label) => {
        const file = checked("setexeccon", libc.open(execLabelPath, O_WRONLY | closeOnExec, 0), `"${label}"`);
        try {
          const bytes = encoder.encode(label);
          checked("setexeccon", libc.write(file, bytes, bytes.length), `"${label}"`);
        } finally {
          libc.close(file);
        }
      }),
    rename: (from, to) =>
      viaNode("rename", `"${from}" to "${to}"`, () => renameSync(wholePath("rename", from), wholePath("rename", to))),
    tryLock: (fd) => {
      const locked = libc.flock(fd, LOCK_EX_NB);
      return locked < 0 && koffi.errno() === EAGAIN ? false : checked("flock", locked) === 0;
    },
    realtimeMs: () => Date.now(),
    monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
    sleep: (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
    sha256Hex: (text) => createHash("sha256").update(encoder.encode(text)).digest("hex"),
    encodeUtf8: (text) => encoder.encode(text),
    decodeUtf8: (bytes) => decoder.decode(bytes),
  };
}
