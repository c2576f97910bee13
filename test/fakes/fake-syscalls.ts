// Syscalls in memory: files, a scripted listener on the agent's socket, and a clock that only moves when somebody waits.
// For the verbs and the sizing client; the kernel itself is fake-kernel.ts.

import { createHash } from "node:crypto";
import { errnoNumber } from "../../cni/sys/errno.ts";
import { type Executed, type Execution, type FileStatus, SyscallError, type Syscalls } from "../../cni/sys/syscalls.ts";

/** What one connection to the agent's socket meets. */
export type FakeConnection =
  | { readonly kind: "refused"; readonly code: string }
  /** Answers in these pieces once a whole line was sent, then closes. */
  | { readonly kind: "answers"; readonly pieces: (question: string) => readonly string[] }
  /** Accepts and never answers. */
  | { readonly kind: "hangs" }
  /** Accepts, reads and breaks the connection. */
  | { readonly kind: "breaks" };

type OpenFile =
  | { readonly kind: "file"; readonly path: string; readonly bytes: Uint8Array; offset: number }
  | {
      readonly kind: "socket";
      connection: FakeConnection | undefined;
      question: string;
      pieces: Uint8Array[] | undefined;
    };

export class FakeSyscalls implements Syscalls {
  /** Path to content, or to the errno that opening gives. */
  readonly files = new Map<string, string | { readonly fails: string }>();
  /** What stat() says of a path, or the errno that it gives. */
  readonly statuses = new Map<string, FileStatus | { readonly fails: string }>();
  readonly directories = new Map<string, readonly string[]>();
  /** Taken one for each connection; the last one stays. */
  connections: FakeConnection[] = [{ kind: "refused", code: "ENOENT" }];
  readonly questions: string[] = [];
  nowMs = 0;
  /** What runs at a path; anywhere else nothing is there. */
  readonly programs = new Map<string, (execution: Execution) => Executed>();
  /** Every program that was run, in order. */
  readonly executions: Execution[] = [];
  /** Paths of files that somebody else has locked. */
  readonly lockedElsewhere = new Set<string>();
  readonly #open = new Map<number, OpenFile>();
  #nextFd = 3;

  /** Descriptors that nobody closed. */
  get openCount(): number {
    return this.#open.size;
  }

  open(path: string): number {
    const content = this.files.get(path);
    if (content === undefined) throw failure("open", "ENOENT", path);
    if (typeof content !== "string") throw failure("open", content.fails, path);
    return this.#add({ kind: "file", path, bytes: new TextEncoder().encode(content), offset: 0 });
  }

  openIfThere(path: string): number | undefined {
    return this.files.has(path) ? this.open(path) : undefined;
  }

  close(fd: number): void {
    if (!this.#open.delete(fd)) throw failure("close", "EBADF", String(fd));
  }

  read(fd: number, buffer: Uint8Array): number {
    const file = this.#file(fd);
    const part = file.bytes.subarray(file.offset, file.offset + buffer.length);
    buffer.set(part);
    file.offset += part.length;
    return part.length;
  }

  readToEnd(fd: number): string {
    const file = this.#file(fd);
    const text = this.decodeUtf8(file.bytes.subarray(file.offset));
    file.offset = file.bytes.length;
    return text;
  }

  readDirectory(path: string): readonly string[] {
    const names = this.directories.get(path);
    if (names === undefined) throw failure("open", "ENOENT", path);
    return names;
  }

  socket(): number {
    return this.#add({ kind: "socket", connection: undefined, question: "", pieces: undefined });
  }

  connectUnix(fd: number, path: string): void {
    const socket = this.#socket(fd);
    const connection = this.connections.length > 1 ? this.connections.shift() : this.connections[0];
    if (connection === undefined) throw failure("connect", "ENOENT", path);
    if (connection.kind === "refused") throw failure("connect", connection.code, path);
    socket.connection = connection;
  }

  send(fd: number, data: Uint8Array): number {
    const socket = this.#socket(fd);
    // Takes the question in small portions, as a full socket buffer would.
    const taken = data.subarray(0, 50);
    socket.question += this.decodeUtf8(taken);
    if (socket.question.endsWith("\n")) {
      this.questions.push(socket.question);
      if (socket.connection?.kind === "answers") {
        socket.pieces = socket.connection.pieces(socket.question).map((piece) => new TextEncoder().encode(piece));
      }
    }
    return taken.length;
  }

  receive(fd: number, buffer: Uint8Array): number {
    const socket = this.#socket(fd);
    if (socket.connection?.kind === "breaks") throw failure("recv", "ECONNRESET", "");
    const piece = socket.pieces?.shift();
    if (piece === undefined) return 0;
    buffer.set(piece.subarray(0, buffer.length));
    if (piece.length > buffer.length) socket.pieces?.unshift(piece.subarray(buffer.length));
    return Math.min(piece.length, buffer.length);
  }

  poll(fd: number, events: number, timeoutMs: number): number {
    const isWaitingForAnswer = events === 1 && this.#socket(fd).connection?.kind === "hangs";
    if (!isWaitingForAnswer) return events;
    this.nowMs += timeoutMs;
    return 0;
  }

  execute(execution: Execution): Executed {
    const program = this.programs.get(execution.path);
    if (program === undefined) throw failure("execve", "ENOENT", execution.path);
    this.executions.push(execution);
    return program(execution);
  }

  rename(from: string, to: string): void {
    const content = this.files.get(from);
    if (content === undefined) throw failure("rename", "ENOENT", `${from} to ${to}`);
    this.files.delete(from);
    this.files.set(to, content);
  }

  tryLock(fd: number): boolean {
    return !this.lockedElsewhere.has(this.#file(fd).path);
  }

  realtimeMs(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  sleep(ms: number): void {
    this.nowMs += ms;
  }

  sha256Hex(text: string): string {
    return createHash("sha256").update(text).digest("hex");
  }

  encodeUtf8(text: string): Uint8Array {
    return new TextEncoder().encode(text);
  }

  decodeUtf8(bytes: Uint8Array): string {
    return new TextDecoder().decode(bytes);
  }

  write(): never {
    throw failure("write", "EBADF", "");
  }

  /** Every file here is a regular one. */
  fstat(fd: number): FileStatus {
    return { dev: 1, ino: fd, mode: 0o100_600, size: this.#file(fd).bytes.length };
  }

  stat(path: string): FileStatus {
    const status = this.statuses.get(path);
    if (status !== undefined && "fails" in status) throw failure("stat", status.fails, path);
    if (status !== undefined) return status;
    if (this.programs.has(path)) return { dev: 1, ino: 1, mode: 0o100_755, size: 1 };
    throw failure("stat", "ENOENT", path);
  }

  filesystemType(): never {
    throw failure("fstatfs", "EBADF", "");
  }

  setns(): never {
    throw failure("setns", "EPERM", "");
  }

  ioctl(): never {
    throw failure("ioctl", "EPERM", "");
  }

  bindNetlink(): never {
    throw failure("bind", "EPERM", "");
  }

  #add(file: OpenFile): number {
    const fd = this.#nextFd++;
    this.#open.set(fd, file);
    return fd;
  }

  #file(fd: number) {
    const file = this.#open.get(fd);
    if (file?.kind !== "file") throw failure("read", "EBADF", String(fd));
    return file;
  }

  #socket(fd: number) {
    const socket = this.#open.get(fd);
    if (socket?.kind !== "socket") throw failure("recv", "EBADF", String(fd));
    return socket;
  }
}

function failure(syscall: string, code: string, args: string): SyscallError {
  return new SyscallError({ syscall, errno: errnoNumber(code), code, args });
}
