// What every Syscalls adapter does: the same answers, and the same errors with the same words.

import { SyscallError } from "../../cni/sys/syscalls.ts";
import {
  IFF_NO_PI,
  IFF_TAP,
  ifreqBytes,
  TUNGETFEATURES,
  TUNGETIFF,
  TUNSETGROUP,
  TUNSETIFF,
  TUNSETOWNER,
  TUNSETPERSIST,
  tunDevicePath,
} from "../../cni/tun/constants.ts";
import { encodeIfreq } from "../../cni/tun/ifreq.ts";
import { type Cases, failsWith, isEqual, isTrue, thrownBy } from "./expect.ts";
import { programCases } from "./programs.ts";
import { readText, type SyscallsWorld, within } from "./syscalls-world.ts";

// fcntl.h, sys/socket.h, poll.h, sched.h, linux/magic.h
const O_RDWR = 2;
const O_WRONLY_CREAT_TRUNC = 0o1101;
const O_DIRECTORY = 0o200000;
const O_CLOEXEC = 0o2000000;
const AF_UNIX = 1;
const AF_NETLINK = 16;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;
const RTMGRP_LINK = 1;
const POLLIN = 1;
const POLLOUT = 4;
const CLONE_NEWNET = 0x4000_0000;
const PROC_SUPER_MAGIC = 0x9fa0;
const NSFS_MAGIC = 0x6e73_6673;
const fileTypeMask = 0o170000;
const closedFd = 999;

const files: Cases<SyscallsWorld> = {
  "readToEnd() reads UTF-8, and U+FFFD for what is none": (world) => {
    isEqual(readText(world, "text"), "grün 🌳\n");
    isEqual(readText(world, "bytes"), "a\ufffd\ufffd(\ufffd\ufffd\ufffdb");
    isEqual(readText(world, "mark"), "\ufeffmarked");
  },
  "readToEnd() fails with EFBIG beyond 8 MiB": (world) => {
    failsWith("EFBIG", () => readText(world, "long"));
  },
  "read() fills what it is given and says how much": ({ syscalls, directory }) => {
    within(syscalls, syscalls.open(`${directory}/text`, 0), (fd) => {
      const buffer = new Uint8Array(8);
      isEqual(syscalls.read(fd, buffer.subarray(2, 5)), 3);
      isEqual(buffer, Uint8Array.of(0, 0, 0x67, 0x72, 0xc3, 0, 0, 0));
      isEqual(syscalls.read(fd, new Uint8Array(0)), 0);
    });
  },
  "write() writes all of a text or of bytes": (world) => {
    const { syscalls, directory } = world;
    const long = "ä".repeat(300_000);
    within(syscalls, syscalls.open(`${directory}/out`, O_WRONLY_CREAT_TRUNC, 0o600), (fd) => {
      syscalls.write(fd, long);
      syscalls.write(fd, Uint8Array.of(0x21, 0x0a).subarray(0, 1));
      syscalls.write(fd, "");
    });
    isEqual(readText(world, "out"), `${long}!`);
    isEqual(syscalls.stat(`${directory}/out`).mode & 0o777, 0o600);
  },
  "stat() and fstat() say the same": ({ syscalls, directory }) => {
    for (const [name, type] of [
      ["text", 0o100000],
      ["folder", 0o040000],
    ] as const) {
      const path = `${directory}/${name}`;
      const status = syscalls.stat(path);
      isEqual(status.mode & fileTypeMask, type);
      isEqual(
        within(syscalls, syscalls.open(path, 0), (fd) => syscalls.fstat(fd)),
        status,
      );
    }
  },
  "readDirectory() gives names": ({ syscalls, directory }) => {
    isEqual([...syscalls.readDirectory(`${directory}/folder`)].sort(), ["a", "b", "ü"]);
  },
  "filesystemType() tells a namespace from other files": ({ syscalls }) => {
    const typeOf = (path: string): number =>
      within(syscalls, syscalls.open(path, 0), (fd) => syscalls.filesystemType(fd));
    isEqual(typeOf("/proc/self/ns/net"), NSFS_MAGIC);
    isEqual(typeOf("/proc/self/status"), PROC_SUPER_MAGIC);
  },
  "descriptors are not inherited by programs that are started": ({ syscalls, directory }) => {
    const isClosedOnExec = (fd: number): boolean => {
      const info = within(syscalls, syscalls.open(`/proc/self/fdinfo/${fd}`, 0), (file) => syscalls.readToEnd(file));
      return (Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? "0", 8) & O_CLOEXEC) !== 0;
    };
    isTrue(within(syscalls, syscalls.open(`${directory}/text`, 0), isClosedOnExec), "a file is closed");
    isTrue(within(syscalls, syscalls.socket(AF_UNIX, SOCK_STREAM, 0), isClosedOnExec), "a socket is closed");
  },
};

const errors: Cases<SyscallsWorld> = {
  "errors carry call, number, code and what was asked": ({ syscalls }) => {
    const { name, message, syscall, errno, code, args } = failsWith("ENOENT", () => syscalls.open("/nothing/here", 0));
    isEqual([name, syscall, errno, code, args], ["SyscallError", "open", 2, "ENOENT", '"/nothing/here"']);
    isEqual(message, 'cannot open "/nothing/here": ENOENT');
  },
  "openIfThere() is undefined for what is not there, and fails like open() otherwise": (world) => {
    const { syscalls, directory } = world;
    isEqual(syscalls.openIfThere(`${directory}/nothing`, 0), undefined);
    const fd = syscalls.openIfThere(`${directory}/text`, 0);
    isEqual(fd === undefined ? undefined : within(syscalls, fd, () => syscalls.readToEnd(fd)), "grün 🌳\n");
    const { message } = failsWith("ENOTDIR", () => syscalls.openIfThere(`${directory}/text/x`, 0));
    isEqual(message, `cannot open "${directory}/text/x": ENOTDIR`);
  },
  "every call fails with the kernel's own errno": ({ syscalls, directory }) => {
    const bytes = new Uint8Array(ifreqBytes);
    const expected: Record<string, readonly [string, () => unknown]> = {
      "open a folder to write": ["EISDIR", () => syscalls.open(directory, O_RDWR)],
      "open a file as a folder": ["ENOTDIR", () => syscalls.open(`${directory}/text`, O_DIRECTORY)],
      "open a path with NUL": ["EINVAL", () => syscalls.open(`${directory}/text\0`, 0)],
      close: ["EBADF", () => syscalls.close(closedFd)],
      "close a negative": ["EBADF", () => syscalls.close(-1)],
      read: ["EBADF", () => syscalls.read(closedFd, bytes)],
      "read a folder": ["EISDIR", () => within(syscalls, syscalls.open(directory, 0), (fd) => syscalls.readToEnd(fd))],
      write: ["EBADF", () => syscalls.write(closedFd, "x")],
      readToEnd: ["EBADF", () => syscalls.readToEnd(closedFd)],
      readDirectory: ["ENOENT", () => syscalls.readDirectory(`${directory}/nothing`)],
      "readDirectory of a file": ["ENOTDIR", () => syscalls.readDirectory(`${directory}/text`)],
      fstat: ["EBADF", () => syscalls.fstat(closedFd)],
      stat: ["ENOENT", () => syscalls.stat(`${directory}/nothing`)],
      filesystemType: ["EBADF", () => syscalls.filesystemType(closedFd)],
      setns: ["EBADF", () => syscalls.setns(closedFd, CLONE_NEWNET)],
      ioctl: ["EBADF", () => syscalls.ioctl(closedFd, TUNSETIFF, bytes)],
      socket: ["EAFNOSUPPORT", () => syscalls.socket(99, SOCK_STREAM, 0)],
      bindNetlink: ["EBADF", () => syscalls.bindNetlink(closedFd)],
      connectUnix: ["EBADF", () => syscalls.connectUnix(closedFd, "/x")],
      send: ["EBADF", () => syscalls.send(closedFd, bytes)],
      receive: ["EBADF", () => syscalls.receive(closedFd, bytes)],
    };
    for (const [what, [code, act]] of Object.entries(expected)) {
      const error = thrownBy(act);
      isTrue(error instanceof SyscallError && error.code === code, `${code} of "${what}", found ${String(error)}`);
    }
  },
  "setns() refuses what is no namespace": ({ syscalls, directory }) => {
    within(syscalls, syscalls.open(`${directory}/text`, 0), (fd) => {
      failsWith("EINVAL", () => syscalls.setns(fd, CLONE_NEWNET));
    });
  },
};

const tun: Cases<SyscallsWorld> = {
  "ioctl() lets the tun requests through and nothing else": ({ syscalls }) => {
    const TIOCGWINSZ = 0x5413;
    const SIOCSIFFLAGS = 0x8914;
    const TUNSETLINK = 0x4004_54cd;
    within(syscalls, syscalls.open(tunDevicePath, O_RDWR), (fd) => {
      for (const request of [TIOCGWINSZ, SIOCSIFFLAGS, TUNSETLINK, 0, 2 ** 32 + TUNSETIFF]) {
        const error = failsWith("EPERM", () => syscalls.ioctl(fd, request, new Uint8Array(ifreqBytes)));
        isEqual(error.args, `0x${request.toString(16)}`);
      }
      // The kernel's own answers on a descriptor that is no tap yet.
      failsWith("EBADFD", () => syscalls.ioctl(fd, TUNGETIFF, new Uint8Array(ifreqBytes)));
      for (const request of [TUNSETPERSIST, TUNSETOWNER, TUNSETGROUP]) {
        failsWith("EBADFD", () => syscalls.ioctl(fd, request, 0));
      }
      failsWith("EINVAL", () => syscalls.ioctl(fd, TUNSETIFF, encodeIfreq("tap0", IFF_NO_PI)));
    });
  },
  "ioctl() refuses arguments that the request cannot take": ({ syscalls }) => {
    within(syscalls, syscalls.open(tunDevicePath, O_RDWR), (fd) => {
      isTrue(thrownBy(() => syscalls.ioctl(fd, TUNSETIFF, new Uint8Array(39))) instanceof RangeError, "RangeError");
      isTrue(thrownBy(() => syscalls.ioctl(fd, TUNSETIFF, 5)) instanceof TypeError, "TypeError");
      isTrue(thrownBy(() => syscalls.ioctl(fd, TUNSETOWNER, new Uint8Array(40))) instanceof TypeError, "TypeError");
      for (const number of [-1, 1.5, 2 ** 32, Number.NaN]) {
        isTrue(thrownBy(() => syscalls.ioctl(fd, TUNSETOWNER, number)) instanceof RangeError, "RangeError");
      }
    });
  },
  "ioctl() hands bytes back": ({ syscalls }) => {
    within(syscalls, syscalls.open(tunDevicePath, O_RDWR), (fd) => {
      const features = new Uint8Array(4);
      isEqual(syscalls.ioctl(fd, TUNGETFEATURES, features), 0);
      isEqual(new DataView(features.buffer).getUint32(0, true) & IFF_TAP, IFF_TAP);
      isTrue(thrownBy(() => syscalls.ioctl(fd, TUNGETFEATURES, new Uint8Array(3))) instanceof RangeError, "RangeError");
      // This runs in a namespace of the suite's own; the tap goes with its descriptor.
      syscalls.ioctl(fd, TUNSETIFF, encodeIfreq("conformance0", IFF_TAP | IFF_NO_PI));
      const ifreq = new Uint8Array(64);
      isEqual(syscalls.ioctl(fd, TUNGETIFF, ifreq), 0);
      isEqual(syscalls.decodeUtf8(ifreq.subarray(0, 12)), "conformance0");
    });
  },
};

const sockets: Cases<SyscallsWorld> = {
  "a unix socket connects, sends and receives": ({ syscalls, directory }) => {
    within(syscalls, syscalls.socket(AF_UNIX, SOCK_STREAM, 0), (fd) => {
      syscalls.connectUnix(fd, `${directory}/echo.sock`);
      isEqual(syscalls.poll(fd, POLLIN, 0), 0);
      isEqual(syscalls.poll(fd, POLLOUT, 1000), POLLOUT);
      isEqual(syscalls.send(fd, syscalls.encodeUtf8("hello")), 5);
      isEqual(syscalls.poll(fd, POLLIN, 10_000), POLLIN);
      const buffer = new Uint8Array(100);
      isEqual(syscalls.decodeUtf8(buffer.subarray(0, syscalls.receive(fd, buffer))), "hello");
    });
  },
  "connectUnix() says why it cannot": ({ syscalls, directory }) => {
    within(syscalls, syscalls.socket(AF_UNIX, SOCK_STREAM, 0), (fd) => {
      const { message } = failsWith("ENOENT", () => syscalls.connectUnix(fd, "/nothing/here.sock"));
      isEqual(message, 'cannot connect "/nothing/here.sock": ENOENT');
      failsWith("ECONNREFUSED", () => syscalls.connectUnix(fd, `${directory}/dead.sock`));
      failsWith("ENAMETOOLONG", () => syscalls.connectUnix(fd, `/${"x".repeat(200)}`));
      failsWith("EINVAL", () => syscalls.connectUnix(fd, "/a\0b"));
    });
  },
  "a netlink socket hears of links when it is bound to their group, and of nothing unless told": ({ syscalls }) => {
    within(syscalls, syscalls.socket(AF_NETLINK, SOCK_RAW, 0), (deaf) =>
      within(syscalls, syscalls.socket(AF_NETLINK, SOCK_RAW, 0), (fd) => {
        syscalls.bindNetlink(deaf);
        syscalls.bindNetlink(fd, RTMGRP_LINK);
        isEqual(syscalls.poll(fd, POLLIN, 0), 0);
        // This runs in a namespace of the suite's own; the tap goes with its descriptor.
        within(syscalls, syscalls.open(tunDevicePath, O_RDWR), (queue) => {
          syscalls.ioctl(queue, TUNSETIFF, encodeIfreq("heard0", IFF_TAP | IFF_NO_PI));
        });
        isEqual(syscalls.poll(fd, POLLIN, 10_000), POLLIN);
        isTrue(syscalls.receive(fd, new Uint8Array(16)) === 16, "the beginning of a message");
        isEqual(syscalls.poll(deaf, POLLIN, 0), 0);
      }),
    );
  },
  "a netlink socket binds": ({ syscalls }) => {
    within(syscalls, syscalls.socket(AF_NETLINK, SOCK_RAW, 0), (fd) => {
      syscalls.bindNetlink(fd);
      isEqual(syscalls.poll(fd, POLLIN, 0), 0);
    });
  },
};

const text: Cases<SyscallsWorld> = {
  "encodeUtf8() and decodeUtf8() agree with the standard": ({ syscalls }) => {
    isEqual(syscalls.encodeUtf8("aß€🌳\0"), Uint8Array.of(97, 195, 159, 226, 130, 172, 240, 159, 140, 179, 0));
    isEqual(syscalls.encodeUtf8("a\ud800b\udc00"), Uint8Array.of(97, 239, 191, 189, 98, 239, 191, 189));
    isEqual(syscalls.encodeUtf8(""), new Uint8Array(0));
    isEqual(syscalls.decodeUtf8(Uint8Array.of(97, 0xff, 0xe2, 0x82, 98)), "a\ufffd\ufffdb");
    isEqual(syscalls.decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 97)), "\ufeffa");
    isEqual(syscalls.decodeUtf8(Uint8Array.of(1, 97, 98, 2).subarray(1, 3)), "ab");
  },
  "sha256Hex() hashes the UTF-8 bytes": ({ syscalls }) => {
    isEqual(syscalls.sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    isEqual(syscalls.sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    isEqual(syscalls.sha256Hex("ü\0"), "3ab7698d91f2f05283309865b00f8dc0dfe99061b9cc937c40b6894b41f6d98f");
  },
  "time goes on by as much as sleep() takes": ({ syscalls }) => {
    const before = syscalls.monotonicMs();
    syscalls.sleep(20);
    isTrue(syscalls.monotonicMs() - before >= 19.9, "20 ms later");
  },
};

export const syscallsCases: Cases<SyscallsWorld> = {
  ...files,
  ...errors,
  ...tun,
  ...sockets,
  ...text,
  ...programCases,
};
