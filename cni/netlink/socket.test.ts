import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { koffiSyscalls } from "../sys/koffi.ts";
import { SyscallError, type Syscalls } from "../sys/syscalls.ts";
import { encodeUint32, NetlinkFormatError } from "./attribute.ts";
import { NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR } from "./constants.ts";
import { decodeMessages, encodeMessage, type Message } from "./message.ts";
import { RouteSocket } from "./socket.ts";

type Answer = Omit<Message, "sequence"> & { readonly sequence?: number };

const RTM_NEWLINK = 16;
const request = { type: 18, name: "RTM_GETLINK", asked: "of a test", payload: new Uint8Array(16) };
const done: Answer = { type: NLMSG_DONE, flags: 2, payload: encodeUint32(0) };

function link(payload: number, flags = 2): Answer {
  return { type: RTM_NEWLINK, flags, payload: Uint8Array.of(payload) };
}

function acknowledgement(errno: number): Answer {
  const payload = new Uint8Array(20);
  new DataView(payload.buffer).setInt32(0, -errno, true);
  return { type: NLMSG_ERROR, flags: 0, payload };
}

/** A netlink socket whose answers, datagram by datagram, or whose failures are written down beforehand. */
function scripted(script: readonly (readonly Answer[] | string)[]): {
  readonly socket: RouteSocket;
  sent: () => number;
} {
  const rest = [...script];
  let sequence = 0;
  let sent = 0;
  const syscalls: Syscalls = {
    ...koffiSyscalls(),
    socket: () => 77,
    bindNetlink: () => {},
    close: () => {},
    send: (_fd, data) => {
      sent += 1;
      sequence = decodeMessages(data)[0]?.sequence ?? 0;
      return data.length;
    },
    receive: (_fd, buffer) => {
      const next = rest.shift() ?? assert.fail("asked for more than there is");
      if (typeof next === "string") throw new SyscallError({ syscall: "recv", errno: 4, code: next, args: "" });
      const datagram = Buffer.concat(next.map((answer) => encodeMessage({ sequence, ...answer })));
      buffer.set(datagram);
      return datagram.length;
    },
  };
  return { socket: new RouteSocket(syscalls), sent: () => sent };
}

const first = (payload: Uint8Array): number => payload[0] ?? -1;

describe("RouteSocket", () => {
  it("dump() collects what comes in several datagrams, up to the end", () => {
    const { socket } = scripted([[link(1), link(2)], [link(3)], [done]]);
    assert.deepEqual(socket.dump(request, first), [1, 2, 3]);
  });

  it("dump() asks again when the list changed while it was read", () => {
    const { socket, sent } = scripted([
      [link(1), link(2, NLM_F_DUMP_INTR), done],
      [link(1), link(3), done],
    ]);
    assert.deepEqual(socket.dump(request, first), [1, 3]);
    assert.equal(sent(), 2);
  });

  it("dump() asks again when only the end of the list says so", () => {
    const { socket } = scripted([[link(1)], [{ ...done, flags: NLM_F_DUMP_INTR }], [link(2), done]]);
    assert.deepEqual(socket.dump(request, first), [2]);
  });

  it("dump() gives up on a list that never stands still", () => {
    const { socket, sent } = scripted(Array.from({ length: 20 }, () => [link(1, NLM_F_DUMP_INTR), done]));
    assert.throws(() => socket.dump(request, first), { name: "SyscallError", code: "EINTR" });
    assert.equal(sent(), 20);
  });

  it("goes on after an interruption", () => {
    const { socket, sent } = scripted(["EINTR", "EINTR", [acknowledgement(0)]]);
    socket.change(request);
    assert.equal(sent(), 1);
  });

  it("drops answers to earlier requests", () => {
    const { socket } = scripted([[{ ...link(9), sequence: 12_345 }], [link(1)]]);
    assert.equal(socket.get(request, first), 1);
  });

  it("throws the kernel's refusal with what was asked", () => {
    const { socket } = scripted([[acknowledgement(16)]]);
    assert.throws(() => socket.change(request), { message: "cannot RTM_GETLINK of a test: EBUSY", errno: 16 });
  });

  it("throws other failures of the socket as they are", () => {
    const { socket } = scripted(["ENOBUFS"]);
    assert.throws(() => socket.change(request), { name: "SyscallError", syscall: "recv", code: "ENOBUFS" });
  });

  it("refuses an answer that ends before it began", () => {
    assert.throws(() => scripted([[]]).socket.get(request, first), NetlinkFormatError);
  });

  it("is of no use after its disposal", () => {
    const { socket } = scripted([[acknowledgement(0)]]);
    socket[Symbol.dispose]();
    socket[Symbol.dispose]();
    assert.throws(() => socket.change(request), /disposal/);
  });
});
