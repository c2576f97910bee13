// One NETLINK_ROUTE socket: sends a request and waits for its answer. It works on the network namespace in which it was
// opened, wherever the thread goes later. All waiting and retrying of netlink is here.

import { errnoName } from "../sys/errno.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { NetlinkFormatError } from "./attribute.ts";
import {
  AF_NETLINK,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  SOCK_RAW,
} from "./constants.ts";
import { type Acknowledgement, decodeAcknowledgement, decodeMessages, encodeMessage, type Message } from "./message.ts";

export interface RouteRequest {
  /** RTM_…, as number and as the name that errors show. */
  readonly type: number;
  readonly name: string;
  /** What errors say was asked. */
  readonly asked: string;
  readonly flags?: number;
  readonly payload: Uint8Array;
}

/** The kernel fills dumps up to 32 KiB, net/netlink/af_netlink.c. */
const dumpBytes = 32_768;
/** One link without statistics takes about 1.2 KB, and 140 bytes more for each of its alternative names. */
const answerBytes = 16_384;
/** asm-generic/errno-base.h */
const ENODEV = 19;
const maxDumpAttempts = 20;

export class RouteSocket implements Disposable {
  readonly #syscalls: Syscalls;
  #fd: number | undefined;
  #buffer = new Uint8Array(answerBytes);
  #sequence = 0;

  constructor(syscalls: Syscalls) {
    this.#syscalls = syscalls;
    const fd = syscalls.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    try {
      syscalls.bindNetlink(fd);
    } catch (error) {
      syscalls.close(fd);
      throw error;
    }
    this.#fd = fd;
  }

  /** Asks for a change. @throws SyscallError with the kernel's answer. */
  change(request: RouteRequest): void {
    const sequence = this.#send(request, (request.flags ?? 0) | NLM_F_ACK);
    this.#answers(request, sequence, () => {});
  }

  /** Asks for one object; undefined where the kernel has no such device (ENODEV). @throws SyscallError */
  get<T>(request: RouteRequest, decode: (payload: Uint8Array) => T): T | undefined {
    const sequence = this.#send(request, request.flags ?? 0);
    for (;;) {
      for (const message of this.#receive(sequence)) {
        if (message.type !== NLMSG_ERROR) return decode(message.payload);
        const acknowledgement = decodeAcknowledgement(message);
        if (acknowledgement.errno === ENODEV) return undefined;
        this.#throwUnlessDone(request, acknowledgement);
      }
    }
  }

  /** Asks for all objects, again when they changed meanwhile. @throws SyscallError */
  dump<T>(request: RouteRequest, decode: (payload: Uint8Array) => T): readonly T[] {
    if (this.#buffer.length < dumpBytes) this.#buffer = new Uint8Array(dumpBytes);
    for (let attempt = 0; attempt < maxDumpAttempts; attempt += 1) {
      const sequence = this.#send(request, (request.flags ?? 0) | NLM_F_DUMP);
      const objects: T[] = [];
      const isConsistent = this.#answers(request, sequence, (payload) => objects.push(decode(payload)));
      if (isConsistent) return objects;
    }
    const asked = { syscall: request.name, args: request.asked };
    throw new SyscallError({ ...asked, errno: 4, code: "EINTR", reason: "the list kept changing while it was read" });
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    this.#syscalls.close(this.#fd);
    this.#fd = undefined;
  }

  /** A closed descriptor's number may already be somebody else's. */
  #open(): number {
    if (this.#fd === undefined) throw new Error("cannot use a netlink socket after its disposal");
    return this.#fd;
  }

  #send(request: RouteRequest, flags: number): number {
    const fd = this.#open();
    this.#sequence += 1;
    const { type, payload } = request;
    const message = { type, flags: flags | NLM_F_REQUEST, sequence: this.#sequence, payload };
    this.#uninterrupted(() => this.#syscalls.send(fd, encodeMessage(message)));
    return this.#sequence;
  }

  /** Reads up to the end of the answer; false when it was interrupted by a change. */
  #answers(request: RouteRequest, sequence: number, take: (payload: Uint8Array) => void): boolean {
    let isConsistent = true;
    for (;;) {
      for (const message of this.#receive(sequence)) {
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) isConsistent = false;
        if (message.type === NLMSG_DONE) return isConsistent;
        if (message.type === NLMSG_ERROR) {
          this.#throwUnlessDone(request, decodeAcknowledgement(message));
          return isConsistent;
        }
        take(message.payload);
      }
    }
  }

  /** The messages of one datagram that answer this request; what an abandoned one left behind is dropped. */
  #receive(sequence: number): readonly Message[] {
    const fd = this.#open();
    const length = this.#uninterrupted(() => this.#syscalls.receive(fd, this.#buffer));
    if (length === 0) throw new NetlinkFormatError("cannot read an answer of netlink: the socket was closed");
    // a copy: what is decoded keeps views of it, and a dump of many links comes in several datagrams
    const messages = decodeMessages(this.#buffer.slice(0, length));
    return messages.filter((message) => message.sequence === sequence);
  }

  #throwUnlessDone(request: RouteRequest, { errno, reason }: Acknowledgement): void {
    if (errno === 0) return;
    throw new SyscallError({
      syscall: request.name,
      errno,
      code: errnoName(errno),
      args: request.asked,
      reason: reason === undefined ? undefined : this.#syscalls.decodeUtf8(reason),
    });
  }

  #uninterrupted<T>(call: () => T): T {
    for (;;) {
      try {
        return call();
      } catch (error) {
        if (!(error instanceof SyscallError) || error.code !== "EINTR") throw error;
      }
    }
  }
}
