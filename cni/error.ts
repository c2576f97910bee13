// The one error that leaves the binary, and every code it may carry. Codes 1 to 99 are the specification's
// (SPEC.md 1.1.0 of containernetworking/cni, pkg/types), 100 and up are mqtap's own; README.md shows the same table.

import { sizingRefusals } from "./sizing/protocol.ts";
import { SyscallError } from "./sys/syscalls.ts";

export const errorCodes = {
  IncompatibleVersion: 1,
  UnsupportedField: 2,
  InvalidEnvironment: 4,
  IoFailure: 5,
  DecodingFailure: 6,
  InvalidNetworkConfig: 7,
  InvalidNamespace: 8,
  TryAgainLater: 11,
  NotAvailable: 50,
  LinkExists: 100,
  NoTapForPod: 101,
  KernelRefused: 102,
  NoTunDevice: 103,
  CheckFailed: 104,
  NoSuchBridge: 105,
  GarbageLeft: 106,
  ResultNotExpressible: 107,
  PolicyUnusable: 108,
  ForbiddenByPolicy: 109,
  ...sizingRefusals,
  IpamFailed: 120,
  NoIpamPlugin: 121,
  Internal: 999,
} as const;

export interface ErrorDetail {
  readonly details?: string;
  readonly cause?: unknown;
}

/** What a runtime gets to read: a code, one sentence, and more where there is more to say. */
export class CniError extends Error {
  override readonly name = "CniError";
  readonly code: number;
  readonly details: string | undefined;

  constructor(code: number, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? {} : { cause: detail.cause });
    this.code = code;
    this.details = detail.details;
  }
}

/** The error document of the specification, as one line. */
export function formatError(error: CniError, cniVersion: string): string {
  const { code, message, details } = error;
  const more = details === undefined ? {} : { details: readable(details) };
  return `${JSON.stringify({ cniVersion, code, msg: readable(message), ...more })}\n`;
}

/** Many a message quotes its input, and ends in logs and events. */
const longestText = 1000;

function readable(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}

/** Any thrown value as a {@link CniError}: what is not one already is a defect of ours or a refusing kernel. */
export function toCniError(thrown: unknown): CniError {
  if (thrown instanceof CniError) return thrown;
  if (thrown instanceof SyscallError) return fromSyscallError(thrown);
  // No way back to the own namespace: fatal for the process, but no defect of ours.
  if (thrown instanceof Error && thrown.cause instanceof SyscallError) {
    const { code, details, message } = fromSyscallError(thrown.cause);
    return new CniError(code, `${thrown.message}: ${message}`, {
      ...(details !== undefined && { details }),
      cause: thrown,
    });
  }
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new CniError(errorCodes.Internal, text, { cause: thrown });
}

/** Shortages that pass: the runtime shall come back. */
const passingErrors: readonly string[] = ["EAGAIN", "EINTR", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENOSPC"];

/** Whether the node is short of something now, so that the same call may succeed soon. */
export function isPassing(error: SyscallError): boolean {
  return passingErrors.includes(error.code);
}

function fromSyscallError(cause: SyscallError): CniError {
  const code = isPassing(cause) ? errorCodes.TryAgainLater : errorCodes.KernelRefused;
  const details =
    cause.code === "EPERM" ? "the plugin needs root with CAP_NET_ADMIN and CAP_SYS_ADMIN" : `errno ${cause.errno}`;
  return new CniError(code, cause.message, { details, cause });
}
