// What the binary's Rust host exports as module "sys" (../host/src/sys/mod.rs): the calls of syscalls.ts and the process.
// A call that fails answers a negative errno, as the kernel does; native.ts makes it an error with name and arguments.
declare module "sys" {
  import type { Executed, FileStatus } from "./syscalls.ts";

  /** Invalid UTF-8 in arguments and environment becomes U+FFFD. */
  export const argv: readonly string[];
  /** Without prototype. */
  export const env: Readonly<Record<string, string>>;
  /** Ends the process at once; fails instead with 70 if a promise was rejected and nobody handled it. */
  export function exit(status: number): never;
  /** Runs another program of this binary, by the name that ../host/build.mjs gives it, to the end of its top level. */
  export function runProgram(name: string, input?: string): void;
  /** What {@link runProgram} was given as input, once: stdin can be read only once, and the program before has. */
  export function takeInput(): string | undefined;
  /** Only in the conformance build: makes the host panic. */
  export function panic(): never;

  /** Less than 0: the negative errno. */
  type Errno = number;

  export function open(path: string, flags: number, mode?: number): number | Errno;
  export function close(fd: number): undefined | Errno;
  export function read(fd: number, buffer: Uint8Array): number | Errno;
  export function write(fd: number, data: string | Uint8Array): undefined | Errno;
  export function readToEnd(fd: number): string | Errno;
  export function readDirectory(path: string): string[] | Errno;
  export function fstat(fd: number): FileStatus | Errno;
  export function stat(path: string): FileStatus | Errno;
  export function filesystemType(fd: number): number | Errno;
  export function setns(fd: number, nstype: number): undefined | Errno;
  export function ioctl(fd: number, request: number, argument: Uint8Array | number): number | Errno;
  export function socket(domain: number, type: number, protocol: number): number | Errno;
  export function bindNetlink(fd: number, groups: number): undefined | Errno;
  export function connectUnix(fd: number, path: string): undefined | Errno;
  export function send(fd: number, data: Uint8Array): number | Errno;
  export function receive(fd: number, buffer: Uint8Array): number | Errno;
  export function poll(fd: number, events: number, timeoutMs: number): number | Errno;
  /** `variables` are `NAME=value`; no descriptor is -1, no label "". Where it failed, `status` is the errno and `stdout` the call's name. */
  export function execute(
    path: string,
    argv: readonly string[],
    variables: readonly string[],
    stdin: string,
    inheritedFd: number,
    selinuxLabel: string,
  ): Executed;
  export function rename(from: string, to: string): undefined | Errno;
  export function tryLock(fd: number): boolean | Errno;
  export function realtimeMs(): number;
  export function monotonicMs(): number;
  export function sleep(ms: number): void;
  export function sha256Hex(text: string): string;
  export function encodeUtf8(text: string): Uint8Array;
  export function decodeUtf8(bytes: Uint8Array): string;
}
