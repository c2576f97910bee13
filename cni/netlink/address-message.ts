// IP addresses of links as rtnetlink(7) speaks of them: struct ifaddrmsg of linux/if_addr.h and its attributes.

import {
  type Attribute,
  decodeAttributes,
  encodeAttributes,
  NetlinkFormatError,
  putInt32,
  uint32At,
} from "./attribute.ts";
import { addressBytes, familyOf } from "./ip-family.ts";

// linux/if_addr.h
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const IFA_F_NODAD = 0x02;

const ifaddrmsgBytes = 8;
/** A network that has its own broadcast address is larger than this, RFC 3021. */
const longestWithBroadcast = 30;

/** One address of one link. */
export interface LinkAddress {
  readonly index: number;
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

/**
 * What RTM_NEWADDR asks: as `ip addr add … brd +` for IPv4, as `ip addr add … nodad` for IPv6.
 * @throws RangeError for an address of neither family.
 */
export function encodeAddress({ index, address, prefixLength }: LinkAddress): Uint8Array {
  const isIpv4 = address.length === 4;
  const attributes: Attribute[] = [
    { type: IFA_LOCAL, value: address },
    { type: IFA_ADDRESS, value: address },
  ];
  if (isIpv4 && prefixLength <= longestWithBroadcast) {
    attributes.push({ type: IFA_BROADCAST, value: broadcastOf(address, prefixLength) });
  }
  const encoded = encodeAttributes(attributes);
  const payload = new Uint8Array(ifaddrmsgBytes + encoded.length);
  payload[0] = familyOf(address);
  payload[1] = prefixLength;
  payload[2] = isIpv4 ? 0 : IFA_F_NODAD;
  putInt32(payload, 4, index);
  payload.set(encoded, ifaddrmsgBytes);
  return payload;
}

/** What RTM_GETADDR asks: all addresses of all families. */
export function encodeAddressQuery(): Uint8Array {
  return new Uint8Array(ifaddrmsgBytes);
}

/** Undefined for a family other than IPv4 and IPv6. @throws NetlinkFormatError */
export function decodeAddress(payload: Uint8Array): LinkAddress | undefined {
  if (payload.length < ifaddrmsgBytes) throw new NetlinkFormatError("cannot decode an address: it is cut off");
  const bytes = addressBytes(payload[0]);
  if (bytes === undefined) return undefined;
  let address: Uint8Array | undefined;
  for (const { type, value } of decodeAttributes(payload.subarray(ifaddrmsgBytes), [IFA_LOCAL, IFA_ADDRESS])) {
    // IFA_ADDRESS is the peer's where there is one, and IFA_LOCAL is always the link's own.
    if (type === IFA_LOCAL || address === undefined) address = value;
  }
  const prefixLength = payload[1] ?? 0;
  if (address?.length !== bytes || prefixLength > bytes * 8) {
    throw new NetlinkFormatError(`cannot decode an address: ${address?.length} bytes with a prefix of ${prefixLength}`);
  }
  return { index: uint32At(payload, 4), address, prefixLength };
}

/** All bits beyond the prefix are 1. */
function broadcastOf(address: Uint8Array, prefixLength: number): Uint8Array {
  return address.map((byte, at) => byte | (0xff >> Math.max(0, Math.min(8, prefixLength - at * 8))));
}
