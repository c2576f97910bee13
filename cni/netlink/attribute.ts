// Netlink attributes (struct nlattr of linux/netlink.h): 16 bits of length, 16 of type, the value, padding to four bytes.
// All numbers are in host order, which is little-endian on both architectures.

import { NLA_TYPE_MASK } from "./constants.ts";

/** Bytes that are no netlink message, or not the one expected. */
export class NetlinkFormatError extends Error {
  override readonly name = "NetlinkFormatError";
}

export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
}

const headerBytes = 4;

/** NLMSG_ALIGN and NLA_ALIGN. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  let total = 0;
  for (const { value } of attributes) total += headerBytes + aligned(value.length);
  const bytes = new Uint8Array(total);
  const view = viewOf(bytes);
  let offset = 0;
  for (const { type, value } of attributes) {
    view.setUint16(offset, headerBytes + value.length, true);
    view.setUint16(offset + 2, type, true);
    bytes.set(value, offset + headerBytes);
    offset += headerBytes + aligned(value.length);
  }
  return bytes;
}

/** Flags in the type's upper two bits are dropped. @throws NetlinkFormatError */
export function decodeAttributes(bytes: Uint8Array): readonly Attribute[] {
  const view = viewOf(bytes);
  const attributes: Attribute[] = [];
  let offset = 0;
  // Fewer bytes than a header are padding, as in nla_ok().
  while (offset + headerBytes <= bytes.length) {
    const length = view.getUint16(offset, true);
    if (length < headerBytes || offset + length > bytes.length) {
      throw new NetlinkFormatError(`cannot decode an attribute: ${length} bytes do not fit at ${offset}`);
    }
    const type = view.getUint16(offset + 2, true) & NLA_TYPE_MASK;
    attributes.push({ type, value: bytes.subarray(offset + headerBytes, offset + length) });
    offset += aligned(length);
  }
  return attributes;
}

export function encodeUint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

/** @throws NetlinkFormatError */
export function decodeUint32(value: Uint8Array): number {
  if (value.length !== 4) throw new NetlinkFormatError(`cannot decode a 32-bit number: it has ${value.length} bytes`);
  return viewOf(value).getUint32(0, true);
}

/** @throws NetlinkFormatError */
export function decodeUint8(value: Uint8Array): number {
  const byte = value[0];
  if (value.length !== 1 || byte === undefined) {
    throw new NetlinkFormatError(`cannot decode a byte: it has ${value.length} bytes`);
  }
  return byte;
}

/** The bytes before the first NUL. */
export function untilNul(value: Uint8Array): Uint8Array {
  const end = value.indexOf(0);
  return end < 0 ? value : value.subarray(0, end);
}
