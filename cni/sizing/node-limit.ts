// The node's limit for `sizing: "static"`, without the agent: the least of the file that the agent wrote, the kernel's sysctl
// where it has one (almost none has), and the kernel's own 256. What may not be read counts as absent, and is said.

import { isPassing } from "../error.ts";
import { integerWithin, isJsonObject } from "../json-object.ts";
import type { Log } from "../log.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";

export const nodeFilePath = "/var/lib/mqtap/node.json";
export const defaultSysctlPath = "/proc/sys/net/tuntap/max_queues";

/** MAX_TAP_QUEUES (linux/drivers/net/tun.c). */
const kernelMaxQueues = 256;

/** O_RDONLY | O_CLOEXEC (asm-generic/fcntl.h). */
const readFlags = 0o2000000;

export interface NodeLimit {
  readonly maxQueues: number;
  /** Who set it, for messages. */
  readonly source: string;
}

export function readNodeLimit(sys: Syscalls, log: Log): NodeLimit {
  const node = readNodeFile(sys, log);
  const sysctlPath = node?.sysctlPath ?? defaultSysctlPath;
  const sysctl = readSysctl(sys, sysctlPath, log);
  const limits: readonly NodeLimit[] = [
    ...(node === undefined ? [] : [{ maxQueues: node.maxQueues, source: node.source }]),
    ...(sysctl === undefined ? [] : [{ maxQueues: sysctl, source: sysctlPath }]),
    { maxQueues: kernelMaxQueues, source: "the kernel" },
  ];
  return limits.reduce((least, limit) => (limit.maxQueues < least.maxQueues ? limit : least));
}

interface NodeFile extends NodeLimit {
  readonly sysctlPath: string | undefined;
}

function readNodeFile(sys: Syscalls, log: Log): NodeFile | undefined {
  const text = readFile(sys, nodeFilePath, log);
  if (text === undefined) return undefined;
  const file = parseNodeFile(text);
  if (file === undefined) log("warn", `cannot use ${nodeFilePath}: it is not what the agent writes; taken as absent`);
  return file;
}

function parseNodeFile(text: string): NodeFile | undefined {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(file)) return undefined;
  const maxQueues = integerWithin(file["maxQueues"], 1, kernelMaxQueues);
  const { source, sysctlPath } = file;
  if (maxQueues === undefined || typeof source !== "string") return undefined;
  if (sysctlPath !== undefined && (typeof sysctlPath !== "string" || !sysctlPath.startsWith("/"))) return undefined;
  return { maxQueues, source, sysctlPath };
}

function readSysctl(sys: Syscalls, path: string, log: Log): number | undefined {
  const text = readFile(sys, path, log);
  if (text === undefined) return undefined;
  const digits = text.trim();
  const value = /^[0-9]{1,10}$/.test(digits) ? Number(digits) : 0;
  if (value >= 1) return value;
  log("warn", `cannot use ${path}: it holds ${JSON.stringify(digits.slice(0, 40))}, not a count; taken as absent`);
  return undefined;
}

function readFile(sys: Syscalls, path: string, log: Log): string | undefined {
  try {
    const fd = sys.openIfThere(path, readFlags);
    if (fd === undefined) return undefined;
    try {
      return sys.readToEnd(fd);
    } finally {
      sys.close(fd);
    }
  } catch (error) {
    // A node short of memory or descriptors must not lose its limit: the runtime comes back.
    if (!(error instanceof SyscallError) || isPassing(error)) throw error;
    log("warn", `cannot read ${path}: ${error.code}; taken as absent`);
    return undefined;
  }
}
