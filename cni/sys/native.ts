// The Syscalls of the binary: its host's module "sys", with errors made into SyscallError.

// biome-ignore lint/style/useNodejsImportProtocol: not Node's old module of that name, but the host's
import * as sys from "sys";
import { errnoName } from "./errno.ts";
import { SyscallError, type Syscalls } from "./syscalls.ts";

function hasErrno(failure: unknown): failure is { readonly errno: number } {
  return typeof failure === "object" && failure !== null && "errno" in failure && typeof failure.errno === "number";
}

function guarded<Arguments extends readonly unknown[], Result>(
  syscall: string,
  call: (...args: Arguments) => Result,
  describe: (...args: Arguments) => string = () => "",
): (...args: Arguments) => Result {
  return (...args) => {
    try {
      return call(...args);
    } catch (failure) {
      // A RangeError or TypeError is a mistake of ours, not the kernel's answer.
      if (!hasErrno(failure)) throw failure;
      throw new SyscallError({
        syscall,
        errno: failure.errno,
        code: errnoName(failure.errno),
        args: describe(...args),
      });
    }
  };
}

const quoted = (path: string): string => `"${path}"`;

/** System calls of the host that runs this bundle. */
export function nativeSyscalls(): Syscalls {
  return {
    open: guarded("open", sys.open, quoted),
    close: guarded("close", sys.close),
    read: guarded("read", sys.read),
    write: guarded("write", sys.write),
    readToEnd: guarded("read", sys.readToEnd),
    readDirectory: guarded("readdir", sys.readDirectory, quoted),
    fstat: guarded("fstat", sys.fstat),
    stat: guarded("stat", sys.stat, quoted),
    filesystemType: guarded("fstatfs", sys.filesystemType),
    setns: guarded("setns", sys.setns),
    ioctl: guarded("ioctl", sys.ioctl, (_fd, request) => `0x${request.toString(16)}`),
    socket: guarded("socket", sys.socket),
    bindNetlink: guarded("bind", sys.bindNetlink),
    connectUnix: guarded("connect", sys.connectUnix, (_fd, path) => quoted(path)),
    send: guarded("send", sys.send),
    receive: guarded("recv", sys.receive),
    poll: guarded("poll", sys.poll),
    monotonicMs: sys.monotonicMs,
    sleep: sys.sleep,
    sha256Hex: sys.sha256Hex,
    encodeUtf8: sys.encodeUtf8,
    decodeUtf8: sys.decodeUtf8,
  };
}
