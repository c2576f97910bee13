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

/** Missing bytes count as 0: whoever reads has looked at the length. */
export function uint16At(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

/** As {@link uint16At}, with a sign: 0xffff_ffff is -1. */
export function int32At(bytes: Uint8Array, at: number): number {
  return uint16At(bytes, at) | (uint16At(bytes, at + 2) << 16);
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) >>> 0;
}

export function putUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >> 8;
}

/** Signed or not. */
export function putInt32(bytes: Uint8Array, at: number, value: number): void {
  putUint16(bytes, at, value);
  putUint16(bytes, at + 2, value >> 16);
}

export function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  let total = 0;
  for (const { value } of attributes) total += headerBytes + aligned(value.length);
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const { type, value } of attributes) {
    putUint16(bytes, offset, headerBytes + value.length);
    putUint16(bytes, offset + 2, type);
    bytes.set(value, offset + headerBytes);
    offset += headerBytes + aligned(value.length);
  }
  return bytes;
}

/**
 * The attributes of the types in `wanted`, or all; flags in a type's upper two bits are dropped.
 * The kernel tells much of a link that nobody reads, and a view of each value is what costs.
 * @throws NetlinkFormatError
 */
export function decodeAttributes(bytes: Uint8Array, wanted?: readonly number[]): readonly Attribute[] {
  const attributes: Attribute[] = [];
  // Read once: to the engine it is a getter.
  const end = bytes.length;
  let offset = 0;
  // Fewer bytes than a header are padding, as in nla_ok().
  while (offset + headerBytes <= end) {
    const length = uint16At(bytes, offset);
    if (length < headerBytes || offset + length > end) {
      throw new NetlinkFormatError(`cannot decode an attribute: ${length} bytes do not fit at ${offset}`);
    }
    const type = uint16At(bytes, offset + 2) & NLA_TYPE_MASK;
    if (wanted === undefined || wanted.includes(type)) {
      attributes.push({ type, value: bytes.subarray(offset + headerBytes, offset + length) });
    }
    offset += aligned(length);
  }
  return attributes;
}

export function encodeUint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  putInt32(bytes, 0, value);
  return bytes;
}

/** @throws NetlinkFormatError */
export function decodeUint32(value: Uint8Array): number {
  if (value.length !== 4) throw new NetlinkFormatError(`cannot decode a 32-bit number: it has ${value.length} bytes`);
  return uint32At(value, 0);
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
