// Netlink messages (struct nlmsghdr of linux/netlink.h) and the acknowledgement that answers a request.

import { aligned, decodeAttributes, NetlinkFormatError, untilNul, viewOf } from "./attribute.ts";
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSGERR_ATTR_MSG } from "./constants.ts";

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

const messageHeaderBytes = 16;

export function encodeMessage(message: Message): Uint8Array {
  const length = messageHeaderBytes + message.payload.length;
  const bytes = new Uint8Array(aligned(length));
  const view = viewOf(bytes);
  view.setUint32(0, length, true);
  view.setUint16(4, message.type, true);
  view.setUint16(6, message.flags, true);
  view.setUint32(8, message.sequence, true);
  bytes.set(message.payload, messageHeaderBytes);
  return bytes;
}

/** All messages of one datagram. Payloads are views into `bytes`. @throws NetlinkFormatError */
export function decodeMessages(bytes: Uint8Array): readonly Message[] {
  const view = viewOf(bytes);
  const messages: Message[] = [];
  let offset = 0;
  while (offset + messageHeaderBytes <= bytes.length) {
    const length = view.getUint32(offset, true);
    if (length < messageHeaderBytes || offset + length > bytes.length) {
      throw new NetlinkFormatError(`cannot decode a message: ${length} bytes do not fit at ${offset}`);
    }
    messages.push({
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      payload: bytes.subarray(offset + messageHeaderBytes, offset + length),
    });
    offset += aligned(length);
  }
  if (offset < bytes.length) throw new NetlinkFormatError("cannot decode a message: its header is cut off");
  return messages;
}

export interface Acknowledgement {
  /** 0 when the request was carried out. */
  readonly errno: number;
  /** The kernel's own words, where it has some (extended acknowledgement). */
  readonly reason: Uint8Array | undefined;
}

/** The payload of NLMSG_ERROR: a negative errno, the request's header, perhaps attributes. @throws NetlinkFormatError */
export function decodeAcknowledgement(message: Message): Acknowledgement {
  const { payload, flags } = message;
  if (payload.length < 4 + messageHeaderBytes)
    throw new NetlinkFormatError("cannot decode an acknowledgement: cut off");
  const view = viewOf(payload);
  const errno = 0 - view.getInt32(0, true);
  if (errno < 0) throw new NetlinkFormatError(`cannot decode an acknowledgement: errno ${errno}`);
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno, reason: undefined };
  // A failed request comes back whole, unless capped to its header.
  const isCapped = errno === 0 || (flags & NLM_F_CAPPED) !== 0;
  const echoed = isCapped ? messageHeaderBytes : aligned(view.getUint32(4, true));
  const attributes = decodeAttributes(payload.subarray(4 + echoed));
  const text = attributes.find((attribute) => attribute.type === NLMSGERR_ATTR_MSG);
  return { errno, reason: text === undefined ? undefined : untilNul(text.value) };
}
