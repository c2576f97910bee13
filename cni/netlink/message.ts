// Netlink messages (struct nlmsghdr of linux/netlink.h) and the acknowledgement that answers a request.

import {
  aligned,
  decodeAttributes,
  int32At,
  NetlinkFormatError,
  putInt32,
  putUint16,
  uint16At,
  uint32At,
  untilNul,
} from "./attribute.ts";
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
  putInt32(bytes, 0, length);
  putUint16(bytes, 4, message.type);
  putUint16(bytes, 6, message.flags);
  putInt32(bytes, 8, message.sequence);
  bytes.set(message.payload, messageHeaderBytes);
  return bytes;
}

/** All messages of one datagram. Payloads are views into `bytes`. @throws NetlinkFormatError */
export function decodeMessages(bytes: Uint8Array): readonly Message[] {
  const messages: Message[] = [];
  let offset = 0;
  while (offset + messageHeaderBytes <= bytes.length) {
    const length = uint32At(bytes, offset);
    if (length < messageHeaderBytes || offset + length > bytes.length) {
      throw new NetlinkFormatError(`cannot decode a message: ${length} bytes do not fit at ${offset}`);
    }
    messages.push({
      type: uint16At(bytes, offset + 4),
      flags: uint16At(bytes, offset + 6),
      sequence: uint32At(bytes, offset + 8),
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
  const errno = 0 - int32At(payload, 0);
  if (errno < 0) throw new NetlinkFormatError(`cannot decode an acknowledgement: errno ${errno}`);
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno, reason: undefined };
  // A failed request comes back whole, unless capped to its header.
  const isCapped = errno === 0 || (flags & NLM_F_CAPPED) !== 0;
  const echoed = isCapped ? messageHeaderBytes : aligned(uint32At(payload, 4));
  const attributes = decodeAttributes(payload.subarray(4 + echoed), [NLMSGERR_ATTR_MSG]);
  const text = attributes[0];
  return { errno, reason: text === undefined ? undefined : untilNul(text.value) };
}
