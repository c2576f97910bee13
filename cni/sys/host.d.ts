// What the binary's Rust host exports as module "sys" (../host/src/sys/mod.rs): the calls of syscalls.ts and the process.
// Every failing call throws an Error with `errno`; native.ts gives it name and arguments.
declare module "sys" {
  import type { FileStatus } from "./syscalls.ts";

  /** Invalid UTF-8 in arguments and environment becomes U+FFFD. */
  export const argv: readonly string[];
  /** Without prototype. */
  export const env: Readonly<Record<string, string>>;
  /** Ends the process at once; fails instead with 70 if a promise was rejected and nobody handled it. */
  export function exit(status: number): never;
  /** Runs another program of this binary, by the name that ../host/build.mjs gives it, to the end of its top level. */
  export function runProgram(name: string): void;
  /** Only in the conformance build: makes the host panic. */
  export function panic(): never;

  export function open(path: string, flags: number, mode?: number): number;
  export function close(fd: number): void;
  export function read(fd: number, buffer: Uint8Array): number;
  export function write(fd: number, data: string | Uint8Array): void;
  export function readToEnd(fd: number): string;
  export function readDirectory(path: string): string[];
  export function fstat(fd: number): FileStatus;
  export function stat(path: string): FileStatus;
  export function filesystemType(fd: number): number;
  export function setns(fd: number, nstype: number): void;
  export function ioctl(fd: number, request: number, argument: Uint8Array | number): number;
  export function socket(domain: number, type: number, protocol: number): number;
  export function bindNetlink(fd: number): void;
  export function connectUnix(fd: number, path: string): void;
  export function send(fd: number, data: Uint8Array): number;
  export function receive(fd: number, buffer: Uint8Array): number;
  export function poll(fd: number, events: number, timeoutMs: number): number;
  export function monotonicMs(): number;
  export function sleep(ms: number): void;
  export function sha256Hex(text: string): string;
  export function encodeUtf8(text: string): Uint8Array;
  export function decodeUtf8(bytes: Uint8Array): string;
}
