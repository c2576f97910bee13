// Asks the agent over its socket, for 5 seconds at most. A socket that is missing, refuses or is full is tried again every
// 100 ms (the agent may be restarting); a connection that ends unanswered is asked once more (questions are idempotent).

import { CniError, errorCodes } from "../error.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import {
  formatSizingRequest,
  maxSizingMessageBytes,
  parseSizingAnswer,
  type SizingAnswer,
  SizingProtocolError,
  type SizingRequest,
  sizingSocketPath,
} from "./protocol.ts";

const deadlineMs = 5_000;
const retryDelayMs = 100;

// bits/socket.h and poll.h of Linux.
const AF_UNIX = 1;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
const POLLIN = 1;
const POLLOUT = 4;

const newline = 10;

/** The agent's answer. @throws CniError 11 when there is none in time, or none that can be understood. */
export function askAgent(sys: Syscalls, request: SizingRequest): SizingAnswer {
  const deadline = sys.monotonicMs() + deadlineMs;
  const question = sys.encodeUtf8(formatSizingRequest(request));
  for (let asked = 0; asked < 2; asked++) {
    const line = askOnce(sys, question, deadline);
    if (line !== undefined) return parseAnswer(line);
  }
  throw tryAgainLater("it closed the connection twice without an answer; its log says why");
}

/** Whether somebody listens on the agent's socket now, be they ever so busy. @throws SyscallError when one cannot tell. */
export function isAgentListening(sys: Syscalls): boolean {
  const fd = sys.socket(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
  try {
    sys.connectUnix(fd, sizingSocketPath);
    return true;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (error.code === "EAGAIN") return true;
    if (error.code === "ENOENT" || error.code === "ECONNREFUSED") return false;
    throw error;
  } finally {
    sys.close(fd);
  }
}

/** One question; undefined when the connection ended before an answer. */
function askOnce(sys: Syscalls, question: Uint8Array, deadline: number): string | undefined {
  const fd = connectInTime(sys, deadline);
  try {
    sendAll(sys, fd, question, deadline);
    return receiveLine(sys, fd, deadline);
  } catch (error) {
    if (error instanceof SyscallError && ["ECONNRESET", "EPIPE"].includes(error.code)) return undefined;
    throw error;
  } finally {
    sys.close(fd);
  }
}

function connectInTime(sys: Syscalls, deadline: number): number {
  for (;;) {
    const fd = sys.socket(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0);
    const refusal = tryConnect(sys, fd);
    if (refusal === undefined) return fd;
    sys.close(fd);
    const remainingMs = deadline - sys.monotonicMs();
    if (remainingMs <= 0) throw tryAgainLater(`${explain(refusal)}; is it running on this node?`);
    sys.sleep(Math.min(retryDelayMs, remainingMs));
  }
}

/** The reason why nobody is there; undefined when connected. */
function tryConnect(sys: Syscalls, fd: number): string | undefined {
  try {
    sys.connectUnix(fd, sizingSocketPath);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return error.code;
  }
}

function sendAll(sys: Syscalls, fd: number, data: Uint8Array, deadline: number): void {
  let sent = 0;
  while (sent < data.length) {
    awaitReady(sys, fd, POLLOUT, deadline);
    sent += unlessNotReady(() => sys.send(fd, data.subarray(sent)));
  }
}

function receiveLine(sys: Syscalls, fd: number, deadline: number): string | undefined {
  const buffer = new Uint8Array(maxSizingMessageBytes);
  let length = 0;
  while (length < buffer.length) {
    awaitReady(sys, fd, POLLIN, deadline);
    let isAtEnd = false;
    length += unlessNotReady(() => {
      const count = sys.receive(fd, buffer.subarray(length));
      isAtEnd = count === 0;
      return count;
    });
    const end = buffer.subarray(0, length).indexOf(newline);
    if (end >= 0) return sys.decodeUtf8(buffer.subarray(0, end));
    if (isAtEnd) return undefined;
  }
  throw tryAgainLater(`its answer is longer than ${maxSizingMessageBytes} bytes`);
}

function awaitReady(sys: Syscalls, fd: number, events: number, deadline: number): void {
  for (;;) {
    const remainingMs = Math.ceil(deadline - sys.monotonicMs());
    if (remainingMs <= 0) throw tryAgainLater(`it did not answer within ${deadlineMs / 1000} s`);
    if (unlessNotReady(() => sys.poll(fd, events, remainingMs)) !== 0) return;
  }
}

/** A socket may be found not ready after all, and a signal may come; then poll decides again. */
function unlessNotReady(transfer: () => number): number {
  try {
    return transfer();
  } catch (error) {
    if (error instanceof SyscallError && (error.code === "EAGAIN" || error.code === "EINTR")) return 0;
    throw error;
  }
}

function parseAnswer(line: string): SizingAnswer {
  try {
    return parseSizingAnswer(line);
  } catch (cause) {
    if (!(cause instanceof SizingProtocolError)) throw cause;
    throw tryAgainLater(`its answer makes no sense: ${cause.message}`, cause);
  }
}

function explain(code: string): string {
  switch (code) {
    case "ENOENT":
      return `there is no ${sizingSocketPath}`;
    case "ECONNREFUSED":
      return `nobody listens on ${sizingSocketPath}`;
    case "EAGAIN":
      return `too many others wait at ${sizingSocketPath}`;
    default:
      return `${sizingSocketPath} gives ${code}`;
  }
}

function tryAgainLater(why: string, cause?: unknown): CniError {
  return new CniError(errorCodes.TryAgainLater, `cannot ask mqtap's agent: ${why}`, {
    details:
      "the kubelet tries again; if it lasts: kubectl -n mqtap-system get pods -o wide; where mqtap was deleted, install it " +
      "again or take mqtap out of the pod's networks",
    ...(cause === undefined ? {} : { cause }),
  });
}
